#!/usr/bin/perl
# Backpack Connect: what sites may ask, what learners decide, what tokens do and when they stop; in the statuses and
# texts that old sites know.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA qw(sha256 sha256_hex);
use JSON::PP;
use MIME::Base64 qw(encode_base64url);
use Test::More;
use URI;
use URI::Escape qw(uri_escape uri_unescape);
use OBI::Connect;
use OBI::Story;
use OBI::Test;

my $stack  = OBI::Test->private; # it moves the clock
my $story  = OBI::Story->new($stack, 'connect');
my $issuer = $story->issuer;
my $demo   = $stack->demo;
my $site   = OBI::Connect->new($stack, callback => "$demo/back");
my $json   = JSON::PP->new->utf8->canonical;
my $n      = 0;

sub learner { my $email = $story->address('l' . ++$n); return ($stack->browser->sign_in($email), $email) }
sub query { my ($url) = @_; my %said = URI->new($url)->query_form; return \%said }
sub is_text {
    my ($reply, $status, $text, $what) = @_;
    is $reply->code, $status, $what;
    is $reply->decoded_content, $text, "... $text";
    is $reply->header('Content-Type'), 'text/plain; charset=utf-8', '... as text, since it may quote';
}
sub is_refused { # is_refused(reply, text, error, what)
    my ($reply, $text, $error, $what) = @_;
    is_text($reply, 401, ($error ? "$error: " : '') . $text, $what);
    is $reply->header('WWW-Authenticate'), 'Bearer realm="openbadges"' . ($error ? qq(, error="$error", error_description="$text") : ''), '... and in the header';
}
sub tokens { my ($reply) = @_; is $reply->code, 200, 'tokens come' or diag $reply->content; return $json->decode($reply->content) }
sub works { my ($token, $what) = @_; is $site->api(GET => 'identity', $token)->code, 200, $what // 'the token works' }
sub dead { my ($token, $what) = @_; is $site->api(GET => 'identity', $token)->code, 401, $what // 'the token does not work' }
sub grants { my ($email) = @_; return $stack->sql("SELECT COUNT(*) FROM obi.connect_grant g JOIN obi.user_email e ON e.user_id = g.user_id WHERE e.email = '$email'")->[0][0] }
sub badges { my ($email) = @_; return $stack->sql("SELECT COUNT(*) FROM obi.badge b JOIN obi.user_email e ON e.user_id = b.user_id WHERE e.email = '$email'")->[0][0] }

my $protocol = 'invalid callback: invalid origin protocol';
my $host     = 'invalid callback: invalid origin host';
my @refused = (
    [ 'callback expected', callback => undef ],
    [ 'callback expected', callback => '' ],
    [ 'scope expected', scope => undef ],
    [ 'scope expected', scope => '' ],
    [ 'scope expected', scope => ' , ' ],
    (map { [ $protocol, callback => $_ ] } 'http://issuer.example/', 'ftp://issuer.example/', 'javascript://issuer.example/%0aalert(1)', 'http://127.0.0.1.evil.example/',
        'http://localhost.evil.example/', 'http://2130706433/', 'http://0x7f.1/'),
    (map { [ $host, callback => $_ ] } '/back', 'issuer.example', 'javascript:alert(1)', 'data:text/html,x', 'https:issuer.example/', 'https:///back', 'https://good.example@evil.example/',
        'https://good.example:x@evil.example/', 'https://evil.example;script-src/', "https://evil.example'/", 'https://evil.example,x/', 'https://ex%61mple.org/', 'https://[::1]/',
        'https://evil.example:0/', 'https://evil.example:99999/', 'https://evil.example\\@good.example/', "https://evil.example/\r\nSet-Cookie: a=b", 'https://evil.example/ x',
        "https://b\xC3\xBCcher.example/", 'https://' . 'a' x 260 . '.example/'),
    [ 'invalid scope: invalid permission(s): admin', scope => 'admin' ],
    [ 'invalid scope: invalid permission(s): admin', scope => 'issue,admin' ],
    [ 'invalid scope: invalid permission(s): admin, <b>', scope => 'issue admin <b>' ],
    [ 'invalid scope: invalid permission(s): ISSUE', scope => 'ISSUE' ],
    [ 'invalid callback: too long together with state', callback => 'https://issuer.example/' . 'a' x 1000 ],
    [ 'invalid state: too long', state => 'a' x 513 ],
    [ 'invalid code_challenge', code_challenge => 'short', code_challenge_method => 'S256' ],
    [ 'invalid code_challenge', code_challenge_method => 'S256' ],
    [ 'invalid code_challenge_method', code_challenge => 'a' x 42 . 'A' ],
    [ 'invalid code_challenge_method', code_challenge => 'a' x 42 . 'A', code_challenge_method => 'plain' ],
);

subtest 'what a site may not ask' => sub {
    my ($learner, $email) = learner();
    for my $case (@refused) {
        my ($text, %option) = @$case;
        my $name = join ' ', map { "$_=" . substr $option{$_} // '(none)', 0, 60 } sort keys %option;
        is_text($learner->get($site->access_path(%option)), 400, $text, "GET $name");
        my %form = (callback => "$demo/back", scope => 'issue', %option);
        delete @form{ grep { !defined $form{$_} } keys %form };
        $learner->get('/settings');
        is_text($learner->post_form('/accept', \%form), 400, $text, "POST $name");
    }
    for my $twice (qw(callback scope state code_challenge)) {
        is_text($learner->get($site->access_path(state => 's') . "&$twice=issue&$twice=issue"), 400, "invalid $twice: sent twice", "$twice twice");
    }
    is $learner->get('/access?callback=%ff&scope=issue')->code, 400, 'what is no UTF-8';
    is grants($email), 0, 'nothing was granted';
};

subtest 'who is asked' => sub {
    my $visitor = $stack->browser;
    my $page = $visitor->get($site->access_path(state => 'a&b="c"'));
    is $page->code, 200, 'anybody sees the question';
    my ($port) = $demo =~ /:(\d+)$/;
    like $page->decoded_content, qr{http://127\.0\.0\.1:$port\b}, 'that says who asks';
    unlike $page->decoded_content, qr{action="/accept"}, 'but who is not signed in cannot answer';
    my ($next) = $page->decoded_content =~ m{href="/signin\?next=([^"]+)"};
    is uri_unescape($next), '/access?callback=' . uri_escape("$demo/back", '^A-Za-z0-9._~/-') . '&scope=issue&state=a%26b%3D%22c%22', 'and is led to sign in and back';
    is $page->header('Referrer-Policy'), 'no-referrer', 'no Referer leaves the page';
    is $page->header('Cache-Control'), 'no-store', 'nobody keeps it';
    like $page->header('Content-Security-Policy'), qr/form-action 'self' \Q$demo\E; .*frame-ancestors 'none'/, 'its form leads to us and to the site alone, and nobody frames it';
    my ($deny) = $page->decoded_content =~ m{href="(\Q$demo\E[^"]*)"};
    $deny =~ s/&amp;/&/g;
    is_deeply query($deny), { error => 'access_denied', state => 'a&b="c"' }, 'whoever declines says so to the site, with its state';
    my ($learner, $email) = learner();
    $page = $learner->get($site->access_path(callback => 'https://Badges.Issuer.Example:443/back'));
    like $page->decoded_content, qr{>badges\.issuer\.example<}, 'of https the host alone is shown, in lower case';
    like $page->decoded_content, qr/\Q$email\E/, 'and whose backpack it is';
    like $page->header('Content-Security-Policy'), qr{form-action 'self' https://badges\.issuer\.example;}, 'the policy has the origin';
    my $path = $site->access_path;
    is $learner->post_form('/signout', { next => $path })->header('Location'), $path, 'who is somebody else comes back';
    is $stack->browser->sign_in($email)->post_form('/signout', { next => '//evil.example/' })->header('Location'), '/', 'but to nowhere else';
};

subtest 'who may answer' => sub {
    my ($learner, $email) = learner();
    my %form = (callback => "$demo/back", scope => 'issue');
    is $stack->browser->post_form('/accept', \%form)->code, 401, 'nobody without a session';
    $learner->get('/settings');
    is $learner->post('/accept', \%form)->code, 403, 'nor without the form\'s token';
    is $learner->post_form('/accept', \%form, 'Sec-Fetch-Site' => 'cross-site')->code, 403, 'nor from another site';
    is $learner->get('/accept?callback=x&scope=issue')->code, 405, 'nor by a link';
    is_text($learner->post_form('/accept', {}), 400, 'callback expected', 'an empty form');
    is grants($email), 0, 'nothing was granted';
};

subtest 'the answer, as it was' => sub {
    my ($learner, $email) = learner();
    my $reply = $site->accept($learner, callback => "$demo/back?course=7&access_token=mine&state=mine&co%64e=mine#/here", state => "x y/\xC3\xA9");
    is $reply->code, 303, 'the learner is sent back';
    my $to = $reply->header('Location');
    like $to, qr{^\Q$demo\E/back\?course=7&access_token=[\w-]{43}&refresh_token=[\w-]{86}&expires=3600&api_root=[^&]+&state=x%20y/%C3%A9#/here$},
        'behind what the callback has, before its fragment, and nothing there passes for ours';
    is query($to =~ s/#.*//r)->{api_root}, $stack->base . '/api', 'where the API is';
    is $reply->header('Cache-Control'), 'no-store', 'kept by nobody';
    is $reply->header('Referrer-Policy'), 'no-referrer', 'told to nobody';
    works(OBI::Connect->said($reply)->{access_token});
    my $got = $site->connect($learner);
    ok !exists $got->{state}, 'no state, none comes back';
    dead(OBI::Connect->said($reply)->{access_token}, 'the earlier token of the same origin is dead');
    is $site->refresh(OBI::Connect->said($reply)->{refresh_token})->code, 400, 'and so is its refresh token';
    is grants($email), 1, 'a site has one grant';
    my $other = $site->connect($learner, callback => 'https://other.example/');
    works($got->{access_token}, 'another site changes nothing for this one');
    is grants($email), 2, 'it has its own';
};

subtest 'a bearer' => sub {
    my ($learner, $email) = learner();
    my $got = $site->connect($learner);
    for my $call ([ GET => 'identity' ], [ POST => 'issue', form => { badge => 'x' } ]) {
        my ($method, $name, %more) = @$call;
        is_refused($site->api($method, $name, undef, %more), 'access token expected', '', "$name without a token");
        is_refused($site->api($method, $name, undef, %more, Authorization => $_), 'access token expected', '', "$name with $_") for 'Basic YTpi', 'Bearer', 'Bearer ';
        is_refused($site->api($method, $name, $_, %more), 'Unknown access token', 'invalid_token', "$name with another")
            for 'x' x 43, $got->{refresh_token}, "\xFF\0\xFE", 'a' x 4000;
        is_refused($site->api($method, $name, undef, %more, Authorization => "Bearer $got->{access_token} x"), 'Unknown access token', 'invalid_token', 'two words');
    }
    is $site->api(GET => 'identity', $got->{access_token}, plain => $_)->code, 200, $_ ? 'plain' : 'in base64' for 0, 1;
    is $site->api(GET => 'identity', undef, Authorization => "bearer $got->{access_token}")->code, 200, 'the scheme in any case';
    is $learner->get("/api/identity?access_token=$got->{access_token}")->code, 401, 'never in the address';
    is $learner->get('/api/identity')->code, 401, 'and a session is no token';
    $stack->sql("UPDATE obi.connect_grant SET scope = 'other' WHERE origin = '$demo'");
    is_refused($site->api(GET => 'identity', $got->{access_token}), "Scope 'issue' is required", 'insufficient_scope', 'without the scope');
    $stack->sql("UPDATE obi.connect_grant SET scope = 'issue' WHERE origin = '$demo'");
    $stack->clock(3500);
    works($got->{access_token}, 'for an hour');
    $stack->clock(3601);
    is_refused($site->api(GET => 'identity', $got->{access_token}), 'The access token expired', 'invalid_token', 'not longer');
    my $next = tokens($site->refresh($got->{refresh_token}));
    works($next->{access_token}, 'and then with a fresh one');
    $stack->clock(0);
};

subtest 'pages of other origins' => sub {
    my ($learner, $email) = learner();
    for my $path (qw(issue identity token nothing)) {
        my $reply = $site->api(OPTIONS => $path, undef, Origin => 'https://any.example', 'Access-Control-Request-Method' => 'POST');
        is $reply->code, 200, "a browser may ask about $path";
        is $reply->header('Access-Control-Allow-Origin'), '*', '... from everywhere';
        is $reply->header('Access-Control-Allow-Headers'), 'Content-Type, Authorization', '... with these headers';
        is $reply->header('Access-Control-Expose-Headers'), 'WWW-Authenticate', '... and see why not';
        like $reply->header('Access-Control-Allow-Methods'), qr/POST/, '... by POST';
    }
    my $got = $site->connect($learner);
    my %issue = (form => { badge => 'x' });
    for my $call ([ GET => 'identity' ], [ POST => 'issue', %issue ]) {
        my ($method, $name, %more) = @$call;
        my $reply = $site->api($method, $name, $got->{access_token}, %more, Origin => $demo);
        isnt $reply->code, 401, "$name from the token's origin";
        is $reply->header('Access-Control-Allow-Origin'), $demo, '... which may read it';
        like $reply->header('Vary'), qr/Origin/, '... and only it';
        is_refused($site->api($method, $name, $got->{access_token}, %more, Origin => $_), 'invalid origin', '', "$name from $_") for 'https://evil.example', 'null', "$demo.evil.example", '';
        is $site->api($method, $name, $got->{access_token}, %more)->header('Access-Control-Allow-Origin'), undef, 'a server needs none';
    }
    is_refused($site->refresh($got->{refresh_token}, Origin => 'https://evil.example'), 'invalid origin', '', 'token from another');
    my $next = $site->refresh($got->{refresh_token}, Origin => $demo);
    is $next->header('Access-Control-Allow-Origin'), $demo, 'which changed nothing for its own';
    works(tokens($next)->{access_token});
};

subtest 'a refresh token' => sub {
    my ($learner, $email) = learner();
    my $got = $site->connect($learner);
    for my $case ([ 'body expected', undef ], [ 'body expected', '' ], [ 'invalid grant_type', 'a=b' ], [ 'invalid grant_type', 'grant_type=password' ],
        [ 'invalid grant_type', "grant_type=refresh_token&grant_type=refresh_token&refresh_token=$got->{refresh_token}" ],
        [ 'invalid refresh_token', 'grant_type=refresh_token' ], [ 'invalid refresh_token', 'grant_type=refresh_token&refresh_token=' ],
        [ 'invalid refresh_token', "grant_type=refresh_token&refresh_token=$got->{access_token}" ],
        [ 'invalid refresh_token', "grant_type=refresh_token&refresh_token=$got->{refresh_token}x" ],
        [ 'invalid refresh_token', "grant_type=refresh_token&refresh_token=$got->{refresh_token}&refresh_token=x" ],
        [ 'invalid refresh_token', 'grant_type=refresh_token&refresh_token=' . 'a' x 86 ]) {
        is_text($site->api(POST => 'token', undef, content => $case->[1], type => 'application/x-www-form-urlencoded'), 400, $case->[0], substr $case->[1] // '(nothing)', 0, 80);
    }
    is $site->api(POST => 'token', undef, content => '<a/>', type => 'text/xml')->code, 415, 'of another type';
    is $site->api(POST => 'token', undef, content => '{"a":', type => 'application/json')->code, 400, 'JSON that is none';
    is $site->api(POST => 'token', undef, content => 'a=' . 'x' x 20_000, type => 'application/x-www-form-urlencoded')->code, 413, 'too much';
    is $site->api(POST => 'token', undef, content => 'grant_type=%ff', type => 'application/x-www-form-urlencoded')->code, 400, 'no UTF-8';
    my $reply = $site->refresh($got->{refresh_token});
    is $reply->header('Cache-Control'), 'private, no-store', 'nobody keeps tokens';
    my $next = tokens($reply);
    is_deeply [ sort keys %$next ], [qw(access_token expires refresh_token)], 'as the original answers';
    is $next->{expires}, 3600, '... for an hour';
    isnt $next->{refresh_token}, $got->{refresh_token}, '... with another refresh token';
    dead($got->{access_token}, 'the old access token is dead');
    works($next->{access_token}, 'the new one works');
    my $json_way = tokens($site->api(POST => 'token', undef, content => $json->encode({ grant_type => 'refresh_token', refresh_token => $next->{refresh_token} }), type => 'application/json'));
    works($json_way->{access_token}, 'JSON will do');
    $stack->clock(400 * 86400);
    my $late = tokens($site->refresh($json_way->{refresh_token}));
    works($late->{access_token}, 'a refresh token has no end');
    $stack->clock(0);
    is_text($site->refresh($got->{refresh_token}), 400, 'invalid refresh_token', 'one that was replaced');
    dead($late->{access_token}, '... was stolen, by one or the other: the grant ends');
    is $site->refresh($late->{refresh_token})->code, 400, '... altogether';
    is grants($email), 0, '... and the settings say so';
};

subtest 'a code instead of tokens' => sub {
    my ($learner, $email) = learner();
    my $verifier = 'v' x 43;
    my %pkce = (code_challenge => encode_base64url(sha256($verifier)), code_challenge_method => 'S256');
    my $use = sub { my (%form) = @_; return $site->api(POST => 'token', undef, form => { grant_type => 'authorization_code', code_verifier => $verifier, %form }) };
    my $got = $site->connect($learner, %pkce, state => 's');
    is_deeply [ sort keys %$got ], [qw(api_root code state)], 'the address has a code, and no token';
    dead($got->{code}, 'a code is no token');
    is_text($use->(code => $got->{code}, code_verifier => 'w' x 43), 400, 'invalid code', 'whoever has the code alone');
    is_text($use->(code => 'x' x 43), 400, 'invalid code', 'another code');
    is_text($site->api(POST => 'token', undef, form => { grant_type => 'authorization_code', code => $got->{code} }), 400, 'invalid code', 'no verifier');
    is_refused($site->api(POST => 'token', undef, form => { grant_type => 'authorization_code', code => $got->{code}, code_verifier => $verifier }, Origin => 'https://evil.example'),
        'invalid origin', '', 'a page of another origin');
    my $first = tokens($use->(code => $got->{code}));
    works($first->{access_token});
    is_text($use->(code => $got->{code}, code_verifier => 'w' x 43), 400, 'invalid code', 'afterwards the code alone does nothing');
    works($first->{access_token}, 'also not against who has the tokens');
    my $second = tokens($site->refresh($first->{refresh_token}));
    is_text($use->(code => $got->{code}), 400, 'invalid code', 'a code that is used twice, with what proves it');
    dead($second->{access_token}, '... ends the grant');
    my $mine = $site->connect($learner, %pkce);
    my ($other) = learner();
    my $theirs = $site->connect($other, code_challenge => encode_base64url(sha256('o' x 43)), code_challenge_method => 'S256');
    is_text($use->(code => $theirs->{code}), 400, 'invalid code', 'another learner\'s code does not go with my verifier');
    $stack->clock(61);
    is_text($use->(code => $mine->{code}), 400, 'invalid code', 'a minute later');
    is $learner->get('/settings')->decoded_content =~ /\Q$demo\E/ ? 1 : 0, 0, 'and the site is not connected';
    $stack->stop('jobs');
    $stack->start('jobs'); # it sweeps when it begins
    $stack->wait_until(15, sub { grants($email) == 0 });
    is grants($email), 0, '... and swept away';
    $stack->clock(0);
};

subtest 'several at once' => sub {
    my ($learner, $email) = learner();
    my $verifier = 'v' x 43;
    my $got = $site->connect($learner, code_challenge => encode_base64url(sha256($verifier)), code_challenge_method => 'S256');
    my @replies = $stack->browser->post_at_once('/api/token', [ grant_type => 'authorization_code', code => $got->{code}, code_verifier => $verifier ], 6);
    is scalar(grep { $_->code == 200 } @replies), 1, 'one of those with the same code gets tokens';
    is scalar(grep { $_->code == 400 } @replies), 5, 'the others are refused';
    is grants($email), 0, 'and the grant is over: two hands have the code';
    $got = $site->connect($learner);
    @replies = $stack->browser->post_at_once('/api/token', [ grant_type => 'refresh_token', refresh_token => $got->{refresh_token} ], 6);
    is scalar(grep { $_->code == 200 } @replies), 1, 'one of those with the same refresh token gets tokens';
    is scalar(grep { $_->code == 400 } @replies), 5, 'the others are refused';
    is grants($email), 0, 'and the grant is over here too';
};

subtest 'who the learner is' => sub {
    my ($learner, $email) = learner();
    my $got = $site->connect($learner);
    my $reply = $site->api(GET => 'identity', $got->{access_token});
    is $reply->content_type, 'application/json', 'JSON';
    my $said = $json->decode($reply->content);
    is_deeply [ sort keys %$said ], [qw(recipient salt type)], 'as the original says it';
    is $said->{type}, 'email', '... an address';
    is $said->{recipient}, 'sha256$' . sha256_hex($email . $said->{salt}), '... hashed with a salt';
    isnt $json->decode($site->api(GET => 'identity', $got->{access_token})->content)->{salt}, $said->{salt}, '... another each time';
    unlike $reply->content, qr/\@/, '... and never in clear';
    is $site->api(POST => 'identity', $got->{access_token}, form => { a => 1 })->code, 405, 'only by GET';
};

subtest 'the address that the account began with is given up' => sub {
    my ($learner, $email) = learner();
    my $second = $story->address("second$n");
    my $got = $site->connect($learner);
    $learner->get('/settings');
    $learner->post_form('/settings/addresses', { email => $second });
    my ($link) = $stack->mail_for($second) =~ m{(https?://\S+/settings/addresses/\S+)};
    $learner->get($link);
    is $learner->post_form($link, { owner => 0 })->code, 303, 'there is another';
    my $is = sub {
        my ($whose, $what) = @_;
        my $said = $json->decode($site->api(GET => 'identity', $got->{access_token})->content);
        is $said->{recipient}, 'sha256$' . sha256_hex($whose . $said->{salt}), $what;
    };
    $is->($email, 'the primary address is who the learner is');
    $learner->get('/settings');
    $learner->post_form('/settings/addresses/primary', { email => $second });
    $is->($second, '... whichever that is');
    $learner->get('/settings');
    is $learner->post_form('/settings/addresses/remove', { email => $email, confirmed => 1 })->code, 303, 'the first goes';
    $is->($second, '... and the site goes on');
    is $site->api(POST => 'issue', $got->{access_token}, form => { badge => $issuer->badge("second$n", to => $second) })->code, 201, '... with badges for the second';
};

subtest 'a badge is pushed' => sub {
    my ($learner, $email) = learner();
    my (undef, $other) = learner();
    my $got = $site->connect($learner);
    my $push = sub { my ($badge, %more) = @_; return $site->api(POST => 'issue', $got->{access_token}, form => { badge => $badge }, %more) };
    my $answered = sub {
        my ($reply, $status, $what) = @_;
        is $reply->code, $status, $what or diag $reply->content;
        is $reply->content_type, 'application/json', '... as JSON';
        return eval { $json->decode($reply->content) } // {};
    };
    is $answered->($push->(''), 400, 'nothing')->{message}, 'must provide either url or signature', '... said so';
    is $answered->($push->('nonsense'), 400, 'nonsense')->{message}, 'malformed assertion, must be a url or signature', '... said so';
    my $missing = $issuer->url('none.json');
    is $answered->($push->($missing), 400, 'not there')->{message}, "Tried to get assertion file at $missing and got an HTTP 404", '... said so';
    is $answered->($push->($issuer->badge("theirs$n", to => $other)), 403, 'another\'s')->{message}, 'badge assertion is for a different user', '... said so';
    is badges($email), 0, 'nothing came';
    for my $make (qw(badge badge_05 badge_10)) {
        my $url = $issuer->$make("pushed$n$make", to => $email, name => 'Dovetail');
        my $came = $answered->($push->($url), 201, "$make comes");
        is $came->{exists}, JSON::PP::false, '... as a new one';
        is $came->{badge}{badge}{name}, 'Dovetail', '... with its class';
        my $again = $answered->($push->($url), 409, '... and is there already');
        is_deeply $again, { exists => JSON::PP::true, badge => $came->{badge}, message => 'badge already exists' }, '... with the body that 304 lost';
    }
    is badges($email), 3, 'all three came';
    my $url = $issuer->badge("json$n", to => $email);
    is $site->api(POST => 'issue', $got->{access_token}, content => $json->encode({ badge => $url }), type => 'application/json')->code, 201, 'JSON will do';
    is $push->($issuer->badge("page$n", to => $email), Origin => $demo)->code, 201, 'and so will a page';
    is $answered->($site->api(POST => 'issue', $got->{access_token}, form => [ badge => $url, badge => $url ]), 400, 'twice')->{message}, 'must provide either url or signature', '... is none';
    is $site->api(POST => 'issue', $got->{access_token}, content => '[]', type => 'application/json')->code, 400, 'JSON that is no form';
    is $site->api(POST => 'issue', $got->{access_token}, content => "badge=\xFF", type => 'application/x-www-form-urlencoded')->code, 400, 'no UTF-8';
    is $site->api(POST => 'issue', $got->{access_token}, content => 'badge=' . 'x' x 140_000, type => 'application/x-www-form-urlencoded')->code, 413, 'too much';
    is $site->api(GET => 'issue', $got->{access_token})->code, 405, 'only by POST';
};

subtest 'a site pushes what it issued, and nothing else' => sub {
    my ($learner, $email) = learner();
    for my $callback ('https://other.example/', "http://localhost:@{[$stack->port + 1]}/", 'http://127.0.0.1/') {
        my $got = $site->connect($learner, callback => $callback);
        for my $make (qw(badge badge_05 badge_10)) {
            my $reply = $site->api(POST => 'issue', $got->{access_token}, form => { badge => $issuer->$make("away$n$make", to => $email) });
            is $reply->code, 400, "$make of another origin than $callback";
            is_deeply $json->decode($reply->content), { message => 'issuer origin must be identical to bearer token origin' }, '... said so';
        }
    }
    is badges($email), 0, 'nothing came';
    # An issuer that stands in the badge is whoever hosts it, whatever it says.
    my $inside = $issuer->badge("inside$n", to => $email, class => { issuer => { type => 'Issuer', name => 'Inside', url => 'https://other.example/',
        email => 'a@other.example', origin => 'https://other.example' } });
    my %said = map { ($_ => $site->api(POST => 'issue', $site->connect($learner, callback => "$_/")->{access_token}, form => { badge => $inside })->code) } 'https://other.example', $demo;
    is_deeply \%said, { 'https://other.example' => 400, $demo => 201 }, 'nor by calling itself so';
};

# A site awards a badge to two classes in one go, from one address: what one client may do elsewhere does not count.
subtest 'many learners at once' => sub {
    my $count = 64;
    my @emails = map { $story->address("many$_") } 1 .. $count;
    $stack->obi('user', 'add', @emails);
    my %user = map { ($_->[1], $_->[0]) } @{ $stack->sql('SELECT user_id, email FROM obi.user_email') };
    my @badges = map { $issuer->badge("many$_", to => $emails[ $_ - 1 ]) } 1 .. $count;
    my $hour = time + 3600;
    $stack->sql('INSERT INTO obi.connect_grant (user_id, id, origin, scope, created_at_s, access_hash, access_expires_at_s) VALUES '
        . join ', ', map { "($user{ $emails[ $_ - 1 ] }, $_, '$demo', 'issue', 1, UNHEX(SHA2('token$_', 256)), $hour)" } 1 .. $count);
    my @replies = $stack->browser->post_at_once('/api/issue', sub { [ badge => $badges[ $_[0] - 1 ] ] }, $count, sub { (Authorization => "Bearer token$_[0]") });
    my %seen;
    $seen{ $_->code }++ for @replies;
    is_deeply \%seen, { 201 => $count }, 'all badges come' or diag explain \%seen;
    my @mine = $stack->browser->post_at_once('/api/issue', [ badge => $issuer->url('none.json') ], 80, sub { (Authorization => 'Bearer token1') });
    ok !grep({ $_->code !~ /^(?:400|429)$/ } @mine), 'whoever sends more for one learner than go at once is told';
    like $_->header('Retry-After'), qr/^(?:5|10)$/, '... to come again soon' for grep { $_->code == 429 } @mine[0 .. 3];
};

subtest 'when a badge cannot be stored' => sub {
    my ($learner, $email) = learner();
    my $token = $site->connect($learner)->{access_token};
    my $url = $issuer->badge("unstored$n", to => $email);
    $stack->sql("CREATE TRIGGER obi.refuse BEFORE INSERT ON obi.badge FOR EACH ROW SIGNAL SQLSTATE '45000'");
    $learner->get('/settings');
    my @replies = ($site->api(POST => 'issue', $token, form => { badge => $url }, Origin => $demo), $learner->post_form('/issuer/assertion', { assertion => $url }));
    $stack->sql('DROP TRIGGER obi.refuse');
    for my $reply (@replies) {
        is $reply->code, 500, 'it is said';
        is $reply->content_type, 'application/json', '... as JSON';
        my $said = eval { $json->decode($reply->content) } // {};
        is_deeply [ sort keys %$said ], [qw(badge exists message)], '... with the fields of old';
        is $said->{exists}, JSON::PP::false, '... it is not there';
        ok $said->{badge}{badge}{name}, '... but was found sound';
        like $said->{message}, qr/^badge error \Q$url\E/, '... which it was';
    }
    is $replies[0]->header('Access-Control-Allow-Origin'), $demo, '... to pages too';
    $stack->expect_log('STORE_FAULT');
    is $site->api(POST => 'issue', $token, form => { badge => $url })->code, 201, 'and it may come again';
};

subtest 'when workers are away' => sub {
    $stack->stop('fetch');
    my $reply = $site->api(POST => 'issue', 'x' x 43, form => { badge => 'x' }, Origin => $demo);
    $stack->start('fetch');
    is $reply->code, 502, 'nginx says so';
    is $reply->content_type, 'text/plain', '... in the shape of the others';
    is $reply->header('Access-Control-Allow-Origin'), '*', '... for pages too';
    ok $reply->header('Retry-After'), '... and when to come again';
    $stack->expect_log('fetch.sock');
};

subtest 'settings show it, and end it at once' => sub {
    my ($learner, $email) = learner();
    my ($other) = learner();
    like $learner->get('/settings')->decoded_content, qr/No site may/, 'no site yet';
    my $got = $site->connect($learner);
    my $page = $learner->get('/settings')->decoded_content;
    like $page, qr/\Q$demo\E.*Put badges.*never used/s, 'the site, what it may do, and when it did';
    my ($revoke) = $page =~ m{action="(/settings/site/\d+/revoke)"};
    works($got->{access_token});
    unlike $learner->get('/settings')->decoded_content, qr/never used/, 'it is seen';
    $other->get('/settings');
    is $other->post_form($revoke, {})->code, 303, 'others';
    works($got->{access_token}, '... change nothing');
    is $learner->post($revoke, {})->code, 403, 'nor does a form without its token';
    $learner->get('/settings');
    is $learner->post_form($revoke, {})->code, 303, 'the learner';
    is_refused($site->api(GET => 'identity', $got->{access_token}), 'Unknown access token', 'invalid_token', '... ends it at once');
    is $site->refresh($got->{refresh_token})->code, 400, '... altogether';
    is $learner->post_form($revoke, {})->code, 303, '... and may say so twice';
    $got = $site->connect($learner);
    is +($stack->obi('user', 'remove', $email))[0], 0, 'the account is removed';
    dead($got->{access_token}, 'with the account everything goes');
    is $stack->sql("SELECT COUNT(*) FROM obi.connect_grant g LEFT JOIN obi.user u ON u.id = g.user_id WHERE u.id IS NULL")->[0][0], 0, '... and no row stays';
};

subtest 'a learner has so many sites' => sub {
    my ($learner, $email) = learner();
    my $user = $stack->sql("SELECT user_id FROM obi.user_email WHERE email = '$email'")->[0][0];
    $stack->sql("INSERT INTO obi.connect_grant (user_id, id, origin, scope, created_at_s) SELECT $user, seq, CONCAT('https://s', seq, '.example'), 'issue', 1 FROM obi.seq_1_to_200");
    my $reply = $site->accept($learner);
    is $reply->header('Location'), '/settings', 'then one has to go first';
    like $learner->follow($reply)->decoded_content, qr/very many sites/, '... and is told why';
    is $site->accept($learner, callback => 'https://s7.example/')->code, 303, 'one that is there may be connected again';
    is grants($email), 200, 'as many as before';
};

subtest 'no token is left lying about' => sub {
    my ($learner, $email) = learner();
    my $got = $site->connect($learner, state => 'secretstate');
    $learner->get("$demo/back?access_token=$got->{access_token}");
    $site->refresh($got->{refresh_token});
    my $rows = $stack->sql('SELECT HEX(access_hash), HEX(refresh_hash), HEX(refresh_family_hash) FROM obi.connect_grant');
    ok !grep({ /\Q$got->{access_token}\E/ } map { pack 'H*', $_ } map { @$_ } @$rows), 'the database has hashes';
    for my $log (glob $stack->var . '/log/*.log') {
        open my $in, '<', $log or die $!;
        local $/;
        my $text = <$in> // '';
        ok $text !~ /\Q$got->{access_token}\E|\Q$got->{refresh_token}\E|secretstate/, $log =~ s{.*/}{}r;
    }
};

done_testing;
