#!/usr/bin/perl
# Whatever is sent to any address, some of it good and the rest drawn at random: never a 5xx, a refusal of the described
# shape, nothing stored by what was refused, and afterwards every page of the learner still opens. Always the same draw, so
# that a change is what breaks it; `OBI_SEED=$RANDOM OBI_ROUNDS=50` looks further.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp qw(tempdir);
use JSON::PP ();
use OBI::Connect;
use OBI::OpenID;
use OBI::Schema;
use OBI::Test;
use Test::More;

my $seed   = $ENV{OBI_SEED}   // 1;
my $rounds = $ENV{OBI_ROUNDS} // 8;
srand $seed;
note "OBI_SEED=$seed";

my $dir = tempdir('/tmp/obi-properties.XXXXXX', CLEANUP => 1);
chmod 0755, $dir;
system("$OBI::Test::TOP/build/dev/obi", 'key', "$dir/key.pem") == 0 or die 'no key';
chmod 0644, "$dir/key.pem";
my $provider = OBI::OpenID->new;
my $stack  = OBI::Test->private(conf => <<"CONF");
signin.per_client = 100000
signin.per_address = 1000
fetch.timeout = 3000
fetch.deadline = 5000
browserid.dialog = https://dialog.example
browserid.key = $dir/key.pem
browserid.domain = example.org
browserid.site = https://site.example
oidc.provider = school $provider->{root} obi mail=* title=School
fetch.allow_net = 127.0.0.1/32 public
CONF
$stack->stop('recheck');    # it writes when it likes
my $schema = OBI::Schema->new("$OBI::Test::TOP/docs/openapi.json");

# A learner with something to lose.
my $email   = 'learner@example.org';
my $learner = $stack->browser->sign_in($email);
$learner->upload(map { $_->{picture} } @{ $stack->badges_for($email) }{qw(first-flight night-sky)});
my @badges = $learner->get('/backpack')->decoded_content =~ m{/backpack/badge/(\d+)"}g;
my ($group) = $learner->post_form('/collections', { name => 'Kept' })->header('Location') =~ m{/collections/(\d+)};
$learner->post_form("/collections/$group/badges", { badge => $_, do => 'put' }) for @badges;
$learner->post_form("/collections/$group/change", { name => 'Kept', description => '', path => 'kept', visibility => 'public' });
my $user = $stack->sql('SELECT id FROM obi.user')->[0][0];
is scalar @badges, 2, 'the learner has badges';
# What lets others in: a site's token, and badges that somebody sent.
my $site  = OBI::Connect->new($stack, callback => $stack->demo . '/back');
my $token = $site->connect($learner)->{access_token};
is $site->api(GET => 'identity', $token)->code, 200, 'a site has a token';
my ($push) = $learner->get('/claim?assertion=' . $stack->badges_for($email)->{'team-player'}{assertion})->header('Location') =~ m{/push/(.*)};
ok $push, 'and badges wait';
$stack->stop('jobs');       # so do they

sub pick { return $_[ int rand @_ ] }

my @texts = ('', '0', '-1', '1', '1e309', '9007199254740993', '18446744073709551616', 'x', 'x' x 300, 'x' x 5000, "\0", "a\0b",
    "\xff\xfe", "\xc0\xaf", "\xed\xa0\x80", "\xe2\x80\xae", "\xf0\x9f\x8f\x85" x 40, '../../../../etc/passwd', "' OR 1=1 -- ", '";--',
    '<script>alert(1)</script>', '"><svg onload=alert(1)>', "a\r\nSet-Cookie: x=y", "\r\n\r\n", '{{csrf}}', '{{{t.home.title}}}',
    '%00', '%zz', '%2e%2e%2f', '${jndi:ldap://a}', '[]', '{}', 'null', 'true', '[[[[[[', '{"a":' x 200, "a\@b", $email,
    'nobody@example.org', "a\@b.example\nBcc: c\@d.example", 'f(', 'f', '1f', 'a.b.c', '__proto__', 'constructor');
my @urls = ('http://', 'https://', 'http:///x', 'http://a b/', 'javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd',
    'http://127.0.0.1:1/', 'http://[::1]:1/', 'http://0x7f.1/', 'http://localhost:22/', 'http://user:pass@example.org/',
    'https://good.example@evil.example/', 'http://example.org:99999/', '//evil.example/', '/\\evil.example', 'http://' . 'a' x 3000);
my @signed = ('eyJhbGciOiJub25lIn0.e30.', 'eyJhbGciOiJSUzI1NiJ9.eyJyZWNpcGllbnQiOiJ4In0.AAAA', 'a.b', '....',
    'eyJhbGciOiJIUzI1NiJ9.eyJyZWNpcGllbnQiOnt9fQ.' . 'A' x 4000);
my @ids = (@badges, $group, $user, 0, 1, 2**53, '007', '+1', '1 ', '-1', '1e3');
sub value { my $kind = rand; return $kind < .5 ? pick(@texts) : $kind < .75 ? pick(@urls) : $kind < .85 ? pick(@signed) : pick(@ids) }
sub of_json {
    my ($depth) = @_;
    my $kind = $depth > 3 ? 0 : int rand 8;
    return $kind == 1 ? [ map { of_json($depth + 1) } 1 .. rand 4 ]
        : $kind == 2 ? { map { pick('a', 'email', 'type', '@context', 'id') => of_json($depth + 1) } 1 .. rand 4 }
        : $kind == 3 ? pick(JSON::PP::true, JSON::PP::false, JSON::PP::null)
        : $kind == 4 ? pick(0, -1, 1.5, 1e300, 2**53)
        : value() =~ s/[^\x20-\x7e]/?/gr;
}
sub escape { return $_[0] =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ger }

# What each address is asked for, and of some of it what would do: it leads further than what would not.
my @connect = qw(callback scope state code_challenge code_challenge_method);
my %fields = (
    '/signin' => [qw(email next)], '/signin/code' => [qw(email code next)], '/signin/passkey' => [qw(credential signature client_data auth_data next)],
    '/signout' => ['next'], '/settings' => ['findable'], '/settings/passkeys' => [qw(name client_data auth_data algorithm)],
    '/signin/oidc/:name' => ['next'], '/signin/oidc/:name/callback' => [qw(state code iss error)],
    '/settings/addresses' => ['email'], '/settings/addresses/code' => [qw(email code)], '/settings/addresses/primary' => ['email'],
    '/settings/addresses/remove' => [qw(email confirmed)], '/settings/addresses/:token' => ['owner'],
    '/backpack' => ['before'], '/backpack/add' => [qw(badge url)], '/backpack/authenticate' => [qw(assertion next)],
    '/backpack/badge/:id/picture' => ['download'], '/backpack/badge/:id/report' => [qw(first download)], '/backpack/badge/:id/document/:hash' => ['download'],
    '/backpack/badge/:id/remove' => ['confirmed'], '/backpack/badge/:id/visibility' => [qw(visibility confirmed)], '/backpack/badge/:id/collect' => [qw(collection confirmed)],
    '/collections' => [qw(name description before)], '/collections/:id/change' => [qw(name description path visibility was confirmed)],
    '/collections/:id/badges' => [qw(badge do by confirmed)], '/collections/:id/remove' => ['confirmed'],
    '/.well-known/browserid' => ['domain'], '/browserid/dialog' => ['origin'], '/browserid/certificate' => [qw(origin email key)],
    '/oembed' => [qw(url format maxwidth maxheight)], '/displayer/convert/email' => ['email'],
    (map { $_ => ['callback'] } '/displayer/:user/groups', '/displayer/:user/groups.json', '/displayer/:user/group/:group'),
    '/verify' => [qw(url data image recipient profile download)], '/baker' => ['assertion'],
    '/issuer/push' => [qw(assertions sender window)], '/issuer/frameless' => [qw(assertions returnTo)], '/claim' => ['assertion'],
    '/issuer/push/:token' => [qw(accept offered decline look collection new_collection)], '/issuer/assertion' => [qw(assertion badge)],
    '/access' => \@connect, '/accept' => \@connect, '/api/token' => [qw(grant_type code code_verifier refresh_token)], '/api/issue' => [qw(badge assertion)],
);
my $hosted = $stack->badges_for($email)->{'story-teller'}{assertion};
my $state; # of the sign-in at the provider that was begun last
my %good = (
    assertion => [$hosted], assertions => [$hosted], url => [$hosted], badge => \@badges, collection => [$group], email => [ $email, 'second@example.org' ],
    next => ['/settings'], name => ['Kept too'], visibility => [qw(private link public)], origin => ['https://site.example'], domain => ['example.org'],
    callback => ['http://127.0.0.1:9/'], scope => ['issue'], code_challenge => [ 'a' x 42 . 'A' ], code_challenge_method => ['S256'],
    grant_type => [qw(refresh_token authorization_code)], do => [qw(put drop move)], by => [qw(up down)], accept => [ 0, 1 ], offered => [ 0, 1 ],
    state => [ sub { $state } ], iss => [ $provider->{root} ], error => ['access_denied'], findable => [1], new_collection => ['New'], format => [qw(json xml)],
);
sub value_of { my ($name) = @_; my $all = rand() < .5 && $good{$name} or return value(); my $one = pick(@$all); return ref $one ? $one->() // '' : $one }

# name=value pairs: left out, once, doubled.
sub pairs {
    my (@names) = @_;
    return map { my $name = $_; map { [ $name, value_of($name) ] } 1 .. pick(0, 1, 1, 1, 2) } @names;
}
sub urlencoded { return join pick('&', '&', '&', '&&'), map { escape($_->[0]) . (rand() < .95 ? '=' . escape($_->[1]) : '') } @_ }
sub multipart {
    my $file = rand() < .5;
    return join('', map { qq{--b\r\nContent-Disposition: form-data; name="} . $_->[0] =~ s/"//gr . '"'
        . ($file && rand() < .5 ? qq(; filename="x.png"\r\nContent-Type: image/png) : '') . "\r\n\r\n$_->[1]\r\n" } @_)
        . pick("--b--\r\n", "--b--\r\n", '--b--', '--b', '');
}
sub json_of {
    my %object = map { $_->[0] => of_json(0) } @_;
    my $text = JSON::PP->new->utf8->allow_nonref->encode(rand() < .9 ? \%object : of_json(0));
    substr $text, int rand length $text, 1, pick("\0", '"', '{', "\xff", ',') if rand() < .2;
    return $text;
}
my %bodies = (
    'application/x-www-form-urlencoded' => \&urlencoded,
    'multipart/form-data; boundary=b'   => \&multipart,
    'application/json'                  => \&json_of,
);
sub body {
    my ($csrf, @pairs) = @_;
    my $type = pick(sort keys %bodies);
    my $content = $bodies{$type}->(($csrf ? [ _csrf => $csrf ] : ()), @pairs);
    $type = pick('text/xml', 'multipart/form-data', 'application/json; charset=latin1', "a/b\tc", '') if rand() < .1;
    return ($content, $type);
}

# Everything stored but what counts requests and is gone by itself. Of sessions that they are there: each use is noted.
my @tables = grep { !/^(?:rate|session|cache_purge|check_host|heartbeat)$/ }
    map { $_->[0] } @{ $stack->sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'obi' ORDER BY 1") };
sub stored {
    my ($sessions, @sums) = @{ $stack->sql('SELECT SUM(CRC32(token_hash)) FROM obi.session; CHECKSUM TABLE ' . join ', ', map { "obi.`$_`" } @tables) };
    return { session => $sessions->[0], map { $_->[0] =~ s/^obi\.//r => $_->[1] } @sums };
}
sub changes { my ($from, $to) = @_; return grep { $from->{$_} ne $to->{$_} } sort keys %$to }
# What a refusal uses up all the same: a try, a challenge, a sign-in that was begun.
my %used_up = (
    (map { $_ => 'signin' } '/signin/code', '/settings/addresses/code'),
    (map { $_ => 'passkey_challenge' } '/signin/passkey', '/settings/passkeys'),
    '/signin/oidc/:name/callback' => 'oidc_state',
);
# What a GET stores: what a site sent, until somebody has looked at it; and the end of a sign-in at a provider.
my $by_get = qr{^/(?:claim$|issuer/frameless$|signin/oidc/)};

my ($asked, $stored, %statuses) = (0, stored());
# Sends one, and holds what every answer must hold. The answer.
sub send_one {
    my ($who, $method, $row, $path, $headers, $content) = @_;
    my $request = HTTP::Request->new($method, $stack->base . $path, $headers, $content);
    my $reply = $who->agent->request($request);
    my $what = sprintf '%s %.200s %.100s %.400s', $method, $path, join(' ', %{ { @$headers } }), ($content // '') =~ s/[^\x20-\x7e]/./gr;
    my $code = $reply->code;
    $asked++;
    $statuses{$code}++;
    # oEmbed says 501 of a format that it has not, and a provider that knows no nonce is told so.
    fail("$what: $code"), diag substr $reply->decoded_content // $reply->content, 0, 500
        if ($code >= 500 || $code < 200) && !($code == 501 && $path =~ m{^/oembed\b}) && !($code == 502 && $row eq '/signin/oidc/:name/callback');
    if ($code >= 400 && $method ne 'HEAD' && $reply->content_type eq 'application/json') {
        my $shape = eval { JSON::PP->new->utf8->decode($reply->content) };
        fail("$what: $code without a shape") if ref $shape ne 'HASH';
    }
    if ($method ne 'GET' || $code >= 400 || $row =~ $by_get) {
        my $now = stored();
        my @changed = grep { $_ ne ($used_up{$row} // '') } changes($stored, $now);
        fail("$what: $code, and stored: @changed") if @changed && $code >= 400;
        $stored = $now;
    }
    ($state) = $1 if $row eq '/signin/oidc/:name' && ($reply->header('Refresh') // '') =~ /[?&]state=([^&]+)/;
    fail("$what: a header came in") if defined $reply->header('Set-Cookie') && grep { /^x=y/ } $reply->header('Set-Cookie');
    return ($reply, $what);
}

# A visitor of an address of their own every so often, so that limits for a client are met now and then only.
my $visitor = $stack->browser;
sub visitor { $visitor = $stack->browser if $asked % 20 == 0; return $visitor }

subtest 'what the file describes is answered as it describes' => sub {
    my $paths = $schema->doc->{paths};
    for my $path (sort keys %$paths) {
        for my $method (grep { $_ ne 'parameters' } sort keys %{ $paths->{$path} }) {
            my $operation = $paths->{$path}{$method};
            my @params = map { $schema->resolve($_) } @{ $operation->{parameters} // [] }, @{ $paths->{$path}{parameters} // [] };
            my ($body) = values %{ ($operation->{requestBody} // {})->{content} // {} };
            my @fields = sort keys %{ ($schema->resolve($body->{schema} // {})->{properties}) // {} };
            for (1 .. $rounds) {
                (my $url = $path) =~ s/\{\w+\}/escape(value())/ge;
                $url .= '?' . urlencoded(pairs(map { $_->{name} } grep { $_->{in} eq 'query' } @params)) if rand() < .8;
                my @headers = (Accept => pick('application/json', 'text/html', '*/*', 'image/png', value() =~ s/[^\x20-\x7e]//gr));
                push @headers, Authorization => 'Bearer ' . (rand() < .7 ? $token : value() =~ s/[^\x20-\x7e]//gr) if rand() < ($operation->{security} ? .9 : .2);
                my $content;
                if ($method eq 'post') {
                    ($content, my $type) = body('', pairs(@fields, pick('a', '_csrf')));
                    push @headers, 'Content-Type' => $type;
                }
                my ($reply, $what) = send_one(visitor(), uc $method, $path =~ s/\{(\w+)\}/:$1/gr, $url, \@headers, $content);
                # An odd path may be no path of this row at all.
                next if $reply->code =~ /^(?:301|404|405|414|431)$/ || $path =~ /\{/ && $reply->code == 400;
                my $said = $schema->resolve($operation->{responses}{ $reply->code });
                fail("$what: " . $reply->code . ' is not described'), next if !$said;
                my $type = $said->{content}{ $reply->content_type } or next;
                next if $reply->content_type ne 'application/json' || !$type->{schema};
                my @faults = $schema->faults($type->{schema}, JSON::PP->new->utf8->decode($reply->content));
                fail("$what: @faults") if @faults;
            }
        }
    }
    ok $asked > 50, "$asked requests";
};

subtest 'every other address holds as well' => sub {
    my $table = do { local (@ARGV, $/) = "$OBI::Test::TOP/src/app/routes.c"; <> };
    my %names = map { $_ => 1 } map { @$_ } values %fields;
    my @names = sort keys %names;
    my $asks = qr/\b(?:req_(?:form|arg|form_need)|form_id|form_visibility|need_bytes|only|take_field|arg_pixels|read_assertions|has_number)\([^"()]*"(\w+)"/;
    my %wanted = map { $_ => 1 } map { do { local (@ARGV, $/) = $_; <> } =~ /$asks/g } glob "$OBI::Test::TOP/src/{pages,api,auth,http}/*.c";
    is join(' ', grep { !$names{$_} && $_ ne '_csrf' } sort keys %wanted), '', 'whatever an address asks for is sent to it';
    cmp_ok scalar keys %wanted, '>', 50, '... which is found';
    is join(' ', grep { index($table, qq("$_")) < 0 } sort keys %fields), '', '... to addresses that are there';
    my $rows = 0;
    while ($table =~ /\{\s*HTTP_(GET|POST)[^"]*"([^"]+)"/gs) {
        my ($method, $row) = ($1, $2);
        next if $row eq '/signout'; # the learner stays
        $rows++;
        for (1 .. $rounds) {
            (my $path = $row) =~ s/:(\w+)/rand() > .7 ? escape(value()) : $1 eq 'token' ? $push : $1 eq 'name' ? 'school' : pick(@ids)/ge;
            my $who = rand() < .7 ? $learner : visitor();
            my @pairs = pairs(@{ $fields{$row} // [] }, pick(@names));
            $path .= '?' . urlencoded(@pairs) if rand() < ($method eq 'GET' ? .8 : .1);
            my @headers = (Accept => pick('text/html', 'application/json'));
            my $content;
            if ($method eq 'POST') {
                ($content, my $type) = body(rand() < .9 ? $who->csrf : value(), @pairs);
                push @headers, 'Content-Type' => $type;
            }
            send_one($who, $method, $row, $path, \@headers, $content);
            next if $_ > 1;
            send_one($who, pick(qw(OPTIONS HEAD PUT DELETE)), $row, $path, [ Origin => pick('null', 'https://evil.example', value() =~ s/[^\x20-\x7e]//gr),
                'Access-Control-Request-Method' => pick('POST', 'x'), 'Access-Control-Request-Headers' => pick('authorization', value() =~ s/[^\x20-\x7e]//gr) ]);
        }
    }
    cmp_ok $rows, '>', 30, "$rows addresses";
};

subtest 'nobody lost anything that still opens' => sub {
    for my $page ('/backpack', '/collections', '/settings', '/backpack/add') {
        is $learner->get($page)->code, 200, $page;
    }
    is join(' ', changes($stored, stored())), '', 'which stores nothing';
    my ($all) = map { $_->[0] } @{ $stack->sql("SELECT GROUP_CONCAT(id) FROM obi.collection WHERE user_id = $user") };
    is $learner->get("/collections/$_")->code, 200, "collection $_" for split /,/, $all // '';
    for my $public (map { $_->[0] } @{ $stack->sql('SELECT path FROM obi.collection WHERE visibility > 0') }) {
        is $learner->get("/share/collection/$public$_")->code, 200, "$public$_" for '', '.json';
    }
    my $groups = $learner->get("/displayer/$user/groups.json");
    ok eval { JSON::PP->new->utf8->decode($groups->content)->{userId} == $user }, 'the display API answers';
};

note join ', ', map { "$_: $statuses{$_}" } sort keys %statuses;
Test::More->builder->is_passing or diag "repeat with OBI_SEED=$seed";
done_testing;
