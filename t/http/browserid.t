#!/usr/bin/perl
# Signing in by another site's word, and giving ours to other sites.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Select;
use JSON::PP qw(decode_json encode_json);
use MIME::Base64 qw(decode_base64url);
use OBI::Test;
use OBI::Test::Issuer;
use OBI::Test::Provider;
use POSIX qw(_exit);
use Test::More;
use Time::HiRes ();

my $provider = OBI::Test::Provider->new('idp.example', 'evil.example', 'known.example');
my $dir = $provider->{dir};
system("$OBI::Test::TOP/build/dev/obi", 'key', "$dir/ours.key") == 0 or die 'no key';
is sprintf('%o', (stat "$dir/ours.key")[2] & 07777), '600', '`obi key` makes a key that only its owner may read';
isnt system("$OBI::Test::TOP/build/dev/obi key $dir/ours.key 2>/dev/null"), 0, 'and leaves one that is there alone';
chmod 0644, "$dir/ours.key"; # the workers are somebody else
my $slow = OBI::Test::Issuer->new;
my $stack = OBI::Test->private(conf => $provider->conf . <<"CONF");
fetch.connect_to = slow.example:443:127.0.0.1:@{[$slow->port]}
fetch.allow_net = 127.0.0.1/32:@{[$slow->port]} public
browserid.dialog = https://dialog.example
browserid.key = $dir/ours.key
browserid.domain = ours.example
browserid.domain = also.example
browserid.site = https://rp.example
CONF
$provider->support('idp.example');
my @json = (Accept => 'application/json');
my $route = '/backpack/authenticate';
my $n = 0;
sub address { return sprintf 'pupil-%d@%s', ++$n, $_[0] // 'idp.example' }
sub assertion { my (%o) = @_; return $provider->assertion(audience => $stack->base, email => address(), %o) }
sub reason { my ($reply) = @_; return decode_json($reply->content)->{reason} }

subtest 'without settings there is none of it' => sub {
    my $plain = OBI::Test->stack;
    my $visitor = $plain->browser;
    is $visitor->get($_)->code, 404, "GET $_" for '/.well-known/browserid', '/browserid/include.js';
    is $visitor->sign_in('plain-browserid@example.org')->get('/browserid/dialog?origin=https://rp.example')->code, 404, 'nor a dialog';
    is $plain->browser->post($route, { assertion => assertion() }, @json)->code, 404, 'and nobody gets in';
    unlike $plain->browser->get('/signin')->decoded_content, qr/browserid/, 'there is no button';
};

subtest 'old clients get the answers they know' => sub {
    my $email = address();
    my $visitor = $stack->browser;
    my $reply = $visitor->post($route, { assertion => assertion(email => $email) }, @json);
    is $reply->code, 200, 'a form';
    is_deeply decode_json($reply->content), { status => 'ok', email => $email }, 'and its answer';
    is $visitor->get('/backpack')->code, 200, 'they are in';
    like $visitor->get('/settings')->decoded_content, qr/\Q$email\E/, 'with that address';
    $reply = $stack->browser->request(HTTP::Request->new(POST => $route, [ @json, 'Content-Type' => 'application/json' ],
        encode_json({ assertion => assertion() })));
    is $reply->code, 200, 'JSON';
    $reply = $stack->browser->post($route, {}, @json);
    is $reply->code, 400, 'without an assertion';
    is_deeply decode_json($reply->content), { status => 'error', reason => 'assertion expected' }, 'it says so';
    $reply = $stack->browser->post($route, { assertion => 'nonsense' }, @json);
    is $reply->code, 400, 'with none that holds';
    is reason($reply), 'browserID verification failed: no certificates provided', 'it says why';
};

subtest 'a page goes on, or comes back' => sub {
    my $visitor = $stack->browser;
    my $reply = $visitor->post($route, { assertion => assertion() }, Accept => 'text/html,*/*;q=0.8');
    is $reply->code, 303, 'signed in';
    is $reply->header('Location'), '/backpack', 'to the backpack';
    my ($cookie) = grep { /_session=/ } $reply->header('Set-Cookie');
    like $cookie, qr/; HttpOnly; SameSite=Lax/, 'by a cookie like any other';
    for my $case ([ '/settings?a=b', '/settings?a=b' ], [ '//evil.example/', '/backpack' ], [ 'https://evil.example/', '/backpack' ]) {
        is $stack->browser->post($route, { assertion => assertion(), next => $case->[0] })->header('Location'), $case->[1], "next is $case->[0]";
    }
    $reply = $visitor->post($route, { assertion => 'x' });
    is $reply->header('Location'), '/signin', 'what does not hold leads back';
    like $stack->browser->get('/signin', Cookie => $reply->header('Set-Cookie'))->decoded_content, qr/did not sign you in/, 'and says so';
};

subtest 'it is made for us, whatever the request calls us' => sub {
    my @as_evil = (@json, Host => 'evil.example');
    is $stack->browser->post($route, { assertion => assertion(audience => 'http://evil.example') }, @as_evil)->code, 400,
        'an assertion for another site does not count, although the Host says so';
    is $stack->browser->post($route, { assertion => assertion() }, @as_evil)->code, 200, 'one for us does';
    like reason($stack->browser->post($route, { assertion => assertion(audience => $stack->demo) }, @json)), qr/audience mismatch/, 'nor the demo issuer';
};

subtest 'it counts once' => sub {
    my $text = assertion();
    is $stack->browser->post($route, { assertion => $text }, @json)->code, 200, 'the first time';
    my $reply = $stack->browser->post($route, { assertion => $text }, @json);
    is $reply->code, 400, 'not the second';
    like reason($reply), qr/it was used before/, '... which says why';
    ok !grep({ /_session=[\w-]/ } $reply->header('Set-Cookie')), 'and signs nobody in';
    my @at_once = $stack->browser->post_at_once($route, { assertion => assertion() }, 6, sub { @json });
    is scalar(grep { $_->code == 200 } @at_once), 1, 'of six at once one gets in';
};

# What `times` requests of a stranger about the slow domain come to, in another process: where its answers will stand.
sub ask_slow {
    my ($times) = @_;
    my $stranger = $stack->browser;
    my $asked = assertion(email => address('slow.example'));
    pipe my $from, my $to or die "pipe: $!";
    my $pid = fork // die "fork: $!";
    return ($from, $pid) if $pid;
    syswrite $to, join ' ', map { $_->code } $stranger->post_at_once($route, { assertion => $asked }, $times, sub { @json });
    _exit(0);
}
subtest 'slow domains that strangers name keep nobody else out' => sub {
    my $known = sub { return assertion(email => address('known.example'), issuer => 'known.example') };
    $provider->support('known.example', 'max-age=600');
    is $stack->browser->post($route, { assertion => $known->() }, @json)->code, 200, 'a domain is known';
    my ($from, $pid) = ask_slow(5);
    ok $stack->wait_until(5, sub { $slow->seen > 0 }), 'a slow one is being asked';
    is $stack->browser->post($route, { assertion => $known->() }, @json)->code, 200, 'people of the known one get in';
    is $stack->browser->post($route, { assertion => assertion() }, @json)->code, 200, 'so do those of one that is not kept';
    ok !IO::Select->new($from)->can_read(0), '... meanwhile';
    is $slow->seen, 1, 'the slow one is asked once';
    is join(' ', sort split / /, <$from>), '400 429 429 429 429', '... and the others are told to come again';
    waitpid $pid, 0;
};

subtest 'many strangers hold two workers, and leave one for whoever signs in otherwise' => sub {
    my $before = $slow->seen;
    my @asks = map { [ ask_slow(1) ] } 1 .. 3;
    is join(' ', sort map { scalar readline $_->[0] } @asks), '400 400 429', 'of three domains two are asked';
    is $slow->seen - $before, 2, '... at once';
    waitpid $_->[1], 0 for @asks;
};

subtest 'the authority is asked, and nobody else counts' => sub {
    like reason($stack->browser->post($route, { assertion => assertion(email => address('nowhere.example')) }, @json)),
        qr/nowhere\.example is not a browserid primary/, 'a domain that does not answer';
    like reason($stack->browser->post($route, { assertion => assertion(issuer => 'evil.example') }, @json)),
        qr/untrusted issuer, expected 'idp\.example', got 'evil\.example'/, 'another issuer';
    like reason($stack->browser->post($route, { assertion => assertion(signer => 'user') }, @json)), qr/algorithms do not match/, 'another key';
    like reason($stack->browser->post($route, { assertion => assertion(email => 'ann@127.0.0.1') }, @json)), qr/not open to us/, 'no way inside';
};

subtest 'nobody is signed in by another site' => sub {
    my @refused = ([ Origin => 'https://evil.example' ], [ Origin => 'null' ], [ 'Sec-Fetch-Site' => 'cross-site' ],
        [ 'Sec-Fetch-Site' => 'same-site' ], [ Origin => $stack->base . '.evil.example' ]);
    for my $header (@refused) {
        my $reply = $stack->browser->post($route, { assertion => assertion() }, @json, @$header);
        is $reply->code, 403, "@$header";
        ok !grep({ /_session=[\w-]/ } $reply->header('Set-Cookie')), 'nobody is';
    }
    is $stack->browser->post($route, { assertion => assertion() }, @json, Origin => $stack->base, 'Sec-Fetch-Site' => 'same-origin')->code,
        200, 'our own page does';
};

subtest 'the session before it ends' => sub {
    my $learner = $stack->browser->sign_in('before-browserid@example.org');
    my ($name, $token) = $learner->agent->cookie_jar->as_string =~ /(obi_\d+_session)=([\w-]+)/;
    is $learner->post($route, { assertion => assertion() }, @json)->code, 200, 'signed in as somebody else';
    is $stack->browser->get('/backpack', Cookie => "$name=$token")->code, 303, 'the old cookie is worth nothing';
};

subtest 'bad input is a 4xx' => sub {
    my $visitor = $stack->browser;
    is $visitor->post($route, { assertion => 'x' x 20_000 }, @json)->code, 400, 'too long an assertion';
    is $visitor->post($route, { assertion => 'x' x 200_000 }, @json)->code, 413, 'too large a form';
    is $visitor->post($route, [ assertion => "\xFF" ], @json)->code, 400, 'no UTF-8';
    is $visitor->get($route)->code, 405, 'a GET';
    for my $json ('{"assertion":{}}', '{"assertion":7}', '[]', '{', '{"assertion":"a","assertion":"b"}') {
        my $reply = $visitor->request(HTTP::Request->new(POST => $route, [ @json, 'Content-Type' => 'application/json' ], $json));
        is $reply->code, 400, $json;
    }
};

subtest 'the sign-in page has the button' => sub {
    my $reply = $stack->browser->get('/signin?next=/settings');
    my ($form) = $reply->decoded_content =~ m{(<form[^>]*id="browserid".*?</form>)}s;
    like $form, qr{action="/backpack/authenticate"}, 'a form for what the dialog says';
    like $form, qr{name="next" value="/settings"}, '... that knows where one wanted to go';
    like $reply->decoded_content, qr{<script src="/static/browserid\.[0-9a-f]+\.js" data-dialog="https://dialog\.example"></script>}, 'its script is ours';
    is $reply->header('Cross-Origin-Opener-Policy'), 'unsafe-none', 'and the window that it opens may answer';
};

# The other side.
my $rp = 'https://rp.example';
subtest 'what we vouch for is said to everybody' => sub {
    my $reply = $stack->browser->get('/.well-known/browserid?domain=ours.example');
    is $reply->code, 200, 'for a domain of ours';
    is $reply->content_type, 'application/json', 'as JSON';
    like $reply->header('Cache-Control'), qr/max-age=3600/, 'for an hour';
    ok !$reply->header('Set-Cookie'), 'without a cookie';
    my $doc = decode_json($reply->content);
    is_deeply [ sort keys %$doc ], [qw(authentication provisioning public-key)], 'what it must say';
    is $doc->{'public-key'}{algorithm}, 'RS', 'a key';
    unlike $reply->content, qr/"d"|PRIVATE/, 'and nothing private';
    is $stack->browser->get('/.well-known/browserid')->code, 200, 'for whoever does not say which';
    is $stack->browser->get('/.well-known/browserid?domain=idp.example')->code, 404, 'not for other domains';
    $reply = $stack->browser->get('/browserid/include.js');
    like $reply->header('Location'), qr{^/static/browserid\.[0-9a-f]+\.js$}, 'the script has a fixed name';
};

my $learner = $stack->browser->sign_in('ann@ours.example');
subtest 'the dialog is a window of its own, for sites that are named' => sub {
    my $reply = $stack->browser->get("/browserid/dialog?origin=$rp");
    is $reply->code, 303, 'whoever is not signed in signs in first';
    like $reply->header('Location'), qr{^/signin\?next=/browserid/dialog%3Forigin%3Dhttps}, '... and comes back';
    $reply = $learner->get("/browserid/dialog?origin=$rp");
    is $reply->code, 200, 'then it opens';
    like $reply->header('Content-Security-Policy'), qr/frame-ancestors 'none'/, 'in no frame';
    is $reply->header('Cross-Origin-Opener-Policy'), 'unsafe-none', 'and may answer who opened it';
    like $reply->decoded_content, qr/value="ann\@ours\.example" checked/, 'it offers the address';
    like $reply->decoded_content, qr/data-origin="https:\/\/rp\.example"/, '... to that site';
    for my $origin ('https://evil.example', 'https://rp.example.evil.example', 'https://rp.example/', 'http://rp.example', 'https://rp.example:444', '') {
        $reply = $learner->get("/browserid/dialog?origin=$origin");
        is $reply->code, 400, "not to '$origin'";
        unlike $reply->decoded_content, qr/<form[^>]*browserid/, 'without a form';
    }
    my $other = $stack->browser->sign_in('bob@elsewhere.example');
    unlike $other->get("/browserid/dialog?origin=$rp")->decoded_content, qr/type="radio"/, 'an address of another domain is not offered';
};

sub certify {
    my ($who, %o) = @_;
    my %form = (origin => $rp, email => 'ann@ours.example', key => encode_json($provider->key('user')), %o);
    my @headers = exists $form{headers} ? @{ delete $form{headers} } : ();
    $who->get("/browserid/dialog?origin=$rp");
    return $who->post_form('/browserid/certificate', \%form, @json, @headers);
}
subtest 'a certificate is what a verifier expects' => sub {
    my $reply = certify($learner);
    is $reply->code, 200, 'it is made';
    my $doc = decode_json($reply->content);
    my ($header, $payload, $signature) = map { decode_base64url($_) } split /\./, $doc->{certificate};
    my $claims = decode_json($payload);
    my $now = Time::HiRes::time * 1000;
    is_deeply decode_json($header), { alg => 'RS256' }, 'header';
    is $claims->{iss}, 'localhost:' . $stack->port, 'issuer';
    is_deeply $claims->{principal}, { email => 'ann@ours.example' }, 'address';
    is_deeply $claims->{'public-key'}, $provider->key('user'), 'key';
    is $claims->{exp} - $claims->{iat}, 3_600_000, 'an hour';
    ok $claims->{iat} < $now && $claims->{iat} > $now - 120_000, 'from a minute ago';
    ok abs($doc->{now} - $now) < 60_000, 'the time, for a browser whose clock is wrong';
    my ($text) = $doc->{certificate} =~ /^(.*)\./;
    OBI::Test::_write("$dir/signed", $text);
    OBI::Test::_write("$dir/signature", $signature);
    like `openssl dgst -sha256 -prverify $dir/ours.key -signature $dir/signature $dir/signed`, qr/Verified OK/, 'signed with our key';
};

subtest 'nobody gets one who should not' => sub {
    my $eve = $stack->browser->sign_in('eve@ours.example');
    is certify($eve)->code, 400, 'for the address of somebody else';
    is certify($eve, email => 'eve@ours.example')->code, 200, 'for their own they do';
    my $bob = $stack->browser->sign_in('bob@also.example');
    is certify($bob, email => 'bob@also.example')->code, 200, '... of any named domain';
    my $cid = $stack->browser->sign_in('cid@elsewhere.example');
    is certify($cid, email => 'cid@elsewhere.example')->code, 400, '... and of no other';
    is certify($learner, origin => 'https://evil.example')->code, 400, 'for a site that is not named';
    is certify($learner, key => $_)->code, 400, "with the key $_"
        for '', '{}', 'x', '{"algorithm":"RS","n":"15","e":"65537"}', '{"algorithm":"DS","y":"1","p":"1","q":"1","g":"1"}';
    is certify($learner, headers => [ 'Sec-Fetch-Site' => 'cross-site' ])->code, 403, 'from another site';
    is $learner->post('/browserid/certificate', { origin => $rp, email => 'ann@ours.example', key => encode_json($provider->key('user')) }, @json)->code,
        403, 'without the token of the dialog';
    is $stack->browser->post_form('/browserid/certificate', { origin => $rp, email => 'ann@ours.example' }, @json)->code, 401, 'without being signed in';
    my $upper = $stack->browser->sign_in('Dan@OURS.example');
    my $claims = decode_json(decode_base64url((split /\./, decode_json(certify($upper, email => 'Dan@OURS.example')->content)->{certificate})[1]));
    is $claims->{principal}{email}, 'Dan@ours.example', 'a domain has one spelling';
};
done_testing;
