#!/usr/bin/perl
# Issuers push, learners consent: the routes, with the statuses and bodies that old issuers know.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use HTTP::Request;
use JSON::PP;
use MIME::Base64 qw(encode_base64url);
use Test::More;
use URI::Escape qw(uri_escape);
use OBI::Story;
use OBI::Test;

my $stack   = OBI::Test->stack;
my $story   = OBI::Story->new($stack, 'issuer');
my $issuer  = $story->issuer;
my $ada     = $story->address('ada');
my $bob     = $story->address('bob');
my $learner = $story->browser($ada);
my $json    = JSON::PP->new->utf8->canonical;
my $route   = '/issuer/assertion';

sub count { return $stack->sql("SELECT COUNT(*) FROM obi.badge b JOIN obi.user_email e ON e.user_id = b.user_id WHERE e.email = '$_[0]'")->[0][0] }
sub answered {
    my ($answer, $status, $what) = @_;
    is $answer->code, $status, $what or diag $answer->content;
    is $answer->content_type, 'application/json', '... with JSON';
    return eval { $json->decode($answer->content) } // {};
}
# Both ways to ask, with the token that the second needs.
sub look { return $learner->get("$route?assertion=" . uri_escape($_[0])) }
sub take { $learner->get('/settings'); return $learner->post($route, [ assertion => $_[0] ], 'X-CSRF-Token' => $learner->csrf) }

subtest 'who may push' => sub {
    my $good = $issuer->badge('who', to => $ada);
    for my $answer ($stack->browser->get("$route?assertion=" . uri_escape($good)), $stack->browser->post_form($route, { assertion => $good })) {
        is_deeply answered($answer, 403, 'nobody is signed in'),
            { message => 'user is not logged in, redirect to /backpack/login', redirect_to => '/backpack/login' }, '... as it ever was';
    }
    is $stack->browser->get('/backpack/login')->header('Location'), '/signin', 'and that address leads on';
    is_deeply answered($learner->post($route, [ assertion => $good ]), 403, 'without a token'), { message => 'Forbidden' }, '... refused';
    is count($ada), 0, '... and nothing stored';
};

subtest 'what is no badge' => sub {
    for my $ask (\&look, \&take) {
        is_deeply answered($ask->(''), 400, 'nothing'), { message => 'must provide either url or signature' }, '... said so';
        is_deeply answered($ask->($_), 400, substr $_, 0, 30), { message => 'malformed assertion, must be a url or signature' }, '... said so'
            for 'nonsense', 'a.b.c', '{"id":"http://x.example/"}', 'ftp://x.example/', join '.', map { encode_base64url($_) } '{"alg":"none"}', '{"uid":1}', '';
        my $missing = $issuer->url('none.json');
        is answered($ask->($missing), 400, 'not there')->{message}, "Tried to get assertion file at $missing and got an HTTP 404", '... which file and what came';
        my $classless = $issuer->badge('classless', to => $ada, assertion => { badge => $missing });
        is answered($ask->($classless), 400, 'no class')->{message}, "Tried to get badge file at $missing and got an HTTP 404", '... which file and what came';
        my $text = $issuer->put('text.json', 'not JSON');
        is answered($ask->($text), 400, 'no JSON')->{message}, "Could not parse the assertion file at $text file", '... which file';
        my $undated = answered($ask->($issuer->badge('undated', to => $ada, assertion => { issuedOn => 'soon' })), 400, 'no date');
        is $undated->{message}, 'Invalid assertion structure', '... said so';
        ok $undated->{extra}{assertion}{issuedOn}{message}, '... with the field';
        my $blind = answered($ask->($issuer->badge('blind', to => $ada, picture => 'no picture')), 400, 'no picture');
        is $blind->{message}, 'Could not get all linked resources', '... said so';
        is answered($ask->($issuer->badge('over', to => $ada, assertion => { revoked => JSON::PP::true, revocationReason => 'A mistake.' })), 400, 'revoked')->{code},
            'verify-revoked', '... said so';
    }
    is count($ada), 0, 'nothing was stored';
};

subtest 'whose it is' => sub {
    my $foreign = $issuer->badge('foreign', to => $bob);
    my $seen = answered(look($foreign), 200, 'it can be looked at');
    is_deeply [ @$seen{qw(exists recipient owner)} ], [ JSON::PP::false, $ada, undef ], '... and is not theirs';
    is_deeply answered(take($foreign), 403, 'but not taken'), { message => 'badge assertion is for a different user' }, '... said so';
    is answered(take($issuer->badge('both', to => $bob, assertion => { issuedOn => 'soon' })), 400, 'a fault comes first')->{code}, 'structure', '... said so';
    is count($ada), 0, 'nothing was stored';
};

for my $version ('', '_05', '_10') {
    my $make = "badge$version";
    subtest "a badge comes: $make" => sub {
        my $url = $issuer->$make("good$version", to => $ada, name => 'Dovetail', issuer => 'The <b>workshop</b>');
        my $before = count($ada);
        my $seen = answered(look($url), 200, 'looked at');
        is_deeply [ @$seen{qw(exists recipient owner)} ], [ JSON::PP::false, $ada, JSON::PP::true ], '... theirs and new';
        is $seen->{badge}{badge}{name}, 'Dovetail', '... with the class put in';
        like $seen->{badge}{badge}{issuer}{origin}, qr{^http://127}, '... and the issuer';
        like $seen->{badge}{badge}{image}, qr{^http}, '... and an absolute picture';
        like $seen->{badge}{recipient}, qr/^sha256\$/, '... and no address in clear';
        is count($ada), $before, '... nothing is stored';
        my $came = answered(take($url), 201, 'taken');
        is_deeply $came, { exists => JSON::PP::false, badge => $seen->{badge} }, '... the same badge';
        is count($ada), $before + 1, '... and stored';
        is_deeply answered(take($url), 409, 'again'), { exists => JSON::PP::true, badge => $seen->{badge}, message => 'badge already exists' },
            '... with the body that 304 lost';
        is answered(look($url), 200, 'and now')->{exists}, JSON::PP::true, '... it is there';
    };
}

subtest 'the input has four names' => sub {
    my $url = $issuer->badge('names', to => $ada);
    $learner->get('/settings');
    my @token = ('X-CSRF-Token' => $learner->csrf);
    is $learner->get("$route?badge=" . uri_escape($url))->code, 200, 'query badge';
    is $learner->get("$route?assertion=" . uri_escape(uri_escape($url)))->code, 200, 'escaped once more';
    is $learner->post("$route?assertion=nonsense", [ badge => $url ], @token)->code, 400, 'the query comes first';
    is $learner->post($route, $json->encode({ badge => $url }), 'Content-Type' => 'application/json', @token)->code, 201, 'JSON badge';
};

# --- What is sent to be shown.

# Where a push is shown, as a path.
sub shown { my ($answer, $what) = @_; is $answer->code, 303, $what or diag $answer->content; my ($path) = ($answer->header('Location') // '') =~ m{^(/issuer/push/[\w-]{43})$}; ok $path, '... to a page that asks'; return $path // '/' }
sub claim { return '/claim?' . join '&', map { 'assertion=' . uri_escape($_) } @_ }
sub frameless { my ($from, $fields, @headers) = @_; return $from->post('/issuer/frameless', $fields, @headers) }
# What became of each: [assertion, reason] in their order.
sub fates { my ($answer) = @_; my $text = $answer->decoded_content; my @all; push @all, [ $1, $2 ] while $text =~ /data-assertion="([^"]*)" data-reason="([^"]*)"/g; return \@all }
sub fields { my ($text) = @_; my %all; push @{ $all{$1} }, $2 while $text =~ /name="(accept|offered)" value="(\d+)"/g; return %all }

subtest 'a link' => sub {
    my $url = $issuer->badge('link', to => $ada, name => 'Box <joint>', issuer => 'The <b>workshop</b>');
    my ($host) = $stack->demo =~ m{//(.*)};
    my $stranger = $stack->browser;
    my $path = shown($stranger->get(claim($url)), 'anybody follows it');
    is $stranger->get($path)->header('Location'), "/signin?next=$path", 'who is not signed in is asked to, and comes back';
    my $before = count($ada);
    $path = shown($learner->get(claim($url)), 'the learner follows it');
    my $page = $learner->get($path);
    my $text = $page->decoded_content;
    is $page->code, 200, 'it is shown';
    like $text, qr/$_/, "... with $_" for 'Box &lt;joint&gt;', 'The &lt;b&gt;workshop&lt;/b&gt;', qq{class="host">\Q$host<}, 'This badge is verified',
        "Issued to \Q$ada", 'src="data:image/png;base64,', 'not known who sent', "Signed in as <strong dir=\"ltr\">\Q$ada";
    like $page->header('Content-Security-Policy'), qr/img-src 'self' blob: data:;/, '... whose picture may stand in the page';
    like $page->header('Content-Security-Policy'), qr/frame-ancestors 'none'/, '... which nobody frames';
    is $page->header('Cross-Origin-Opener-Policy'), 'unsafe-none', '... and which keeps the window that opened it';
    like $learner->get('/backpack')->header('Content-Security-Policy'), qr/img-src 'self' blob:;/, 'other pages have no such pictures';
    is $learner->get('/backpack')->header('Cross-Origin-Opener-Policy'), 'same-origin', '... and no such window';
    is count($ada), $before, 'nothing is added by looking';
    is $learner->post($path, [ accept => 0, offered => 0 ])->code, 403, 'nor without the token of the form';
    is count($ada), $before, '... really';
    $learner->get($path);
    is_deeply fates($learner->post_form($path, { offered => 0, decline => 1, accept => 0 })), [ [ $url, 'DENIED' ] ], 'declined';
    is count($ada), $before, '... and nothing is added';
    my $done = $learner->post_form($path, { offered => 0, accept => 0 });
    is_deeply fates($done), [ [ $url, '' ] ], 'accepted';
    is count($ada), $before + 1, '... and added';
    unlike $done->decoded_content, qr/Back to/, '... with no way back where none came';
    is_deeply fates($learner->post_form($path, { offered => 0, accept => 0 })), [ [ $url, 'EXISTS' ] ], 'accepted twice';
    like $learner->get($path)->decoded_content, qr/You already have this badge/, 'and shown as there';
    is count($ada), $before + 1, '... added once';
    for my $bad ('/claim', '/claim?assertion=', '/claim?assertion=javascript:alert(1)', claim($url, 'nonsense')) {
        my $answer = $learner->get($bad);
        is_deeply [ $answer->code, scalar $answer->content_type, $answer->content ], [ 400, 'text/plain', 'assertion must be url or signature' ], $bad;
    }
};

subtest 'a form of another site' => sub {
    my $url = $issuer->badge('form', to => $ada);
    my @from = (Origin => $stack->demo);
    my $back = $stack->demo . '/issue.html?a=b';
    my $path = shown(frameless($learner, [ assertions => $url, returnTo => $back ], @from), 'sent');
    my ($host) = $stack->demo =~ m{//(.*)};
    like $learner->get($path)->decoded_content, qr{Sent by <span class="host">\Q@{[$stack->demo]}\E<}, 'it says who sends';
    like $learner->post_form($path, { offered => 0, accept => 0 })->decoded_content, qr{href="\Q$back\E"[^>]*>Back to \Q@{[$stack->demo]}\E<}, 'and leads back';
    # The token alone is no proof of who sends.
    my $other = $stack->browser->sign_in($story->address('eve'));
    my $text = $other->get($path)->decoded_content;
    like $text, qr/not known who sent/, 'another browser is not told';
    unlike $text, qr/Sent by/, '... really';
    unlike $other->post_form($path, { decline => 1 })->decoded_content, qr/Back to/, '... and not led anywhere';
    $path = shown(frameless($learner, [ assertions => $url ], Origin => 'https://issuer.example'), 'from a site that is protected');
    like $learner->get($path)->decoded_content, qr{Sent by <span class="host">issuer\.example<}, 'its host says it all';
    for my $bad ('https://evil.example/', "//evil.example/", '/backpack', 'javascript:alert(1)', $stack->demo . '.evil.example/', 'http://u@' . $host . '/', $stack->demo =~ s/127/128/r) {
        my $to = shown(frameless($learner, [ assertions => $url, returnTo => $bad ], @from), "back to $bad");
        $learner->get($to);
        unlike $learner->post_form($to, {})->decoded_content, qr/Back to/, '... there is no such way';
    }
    for my $origin ('null', 'evil', '', $stack->demo . '/path') {
        my $to = shown(frameless($learner, [ assertions => $url, returnTo => $back ], $origin eq '' ? () : (Origin => $origin)), "from `$origin`");
        my $page = $learner->get($to)->decoded_content;
        $origin =~ /path/ ? like($page, qr{Sent by <span class="host">\Q@{[$stack->demo]}\E<}, '... its origin') : like($page, qr/not known who sent/, '... nobody');
    }
    my $answer = frameless($learner, [ assertions => $url, assertions => 'http://x.y/</script><script>alert(1)</script>' ], @from);
    is_deeply [ $answer->code, scalar $answer->content_type, $answer->content ], [ 400, 'text/plain', 'assertion must be url or signature' ], 'what is neither';
    is frameless($learner, [])->code, 400, 'nothing';
    is frameless($learner, [ map { (assertions => "$url?$_") } 1 .. 21 ])->code, 413, 'too many';
    is frameless($learner, [ map { (assertions => "$url?$_" . 'x' x 1900) } 1 .. 20, ])->code, 303, 'many';
    is $learner->get('/issuer/frameless?assertions=' . uri_escape($url))->code, 303, 'as a link';
    is $learner->get('/issuer/frameless')->code, 400, 'as a link with nothing';
};

subtest 'the window of issuer.js' => sub {
    my $visitor = $stack->browser;
    my $page = $visitor->get('/issuer/frame?12345');
    is $page->code, 200, 'is there';
    like $page->header('Content-Security-Policy'), qr/frame-ancestors \*/, '... and may be framed';
    is $page->header('Cross-Origin-Opener-Policy'), 'unsafe-none', '... or opened';
    unlike $page->decoded_content, qr/\@/, '... and names nobody';
    unlike $learner->get('/issuer/frame')->decoded_content, qr/\Q$ada/, '... also when somebody is signed in';
    my $url = $issuer->badge('window', to => $ada);
    is $visitor->post('/issuer/push', [ assertions => $url, sender => $stack->demo ])->code, 403, 'its form needs a token';
    is $visitor->post_form('/issuer/push', { assertions => $url, sender => $stack->demo }, 'Sec-Fetch-Site' => 'cross-site')->code, 403, '... and is ours alone';
    my $path = shown($visitor->post_form('/issuer/push', { assertions => $url, sender => $stack->demo }), 'sent');
    $visitor->sign_in($story->address('dan'));
    my ($host) = $stack->demo =~ m{//(.*)};
    like $visitor->get($path)->decoded_content, qr{Sent by <span class="host">\Q@{[$stack->demo]}\E<}, 'it says who sends';
    $path = shown($visitor->post_form('/issuer/push', [ assertions => 'nonsense', sender => 'javascript:alert(1)' ]), 'nonsense is shown');
    like $visitor->get($path)->decoded_content, qr/not known who sent.*neither an address, nor JSON/s, '... as what it is';
    is_deeply fates($visitor->post_form($path, {})), [ [ 'nonsense', 'MALFORMED' ] ], '... and told';
};

subtest 'each of several has its own fate' => sub {
    my $hidden = '"><script>alert(1)</script>';
    my $script = join '.', map { encode_base64url($_) } '{"alg":"RS256"}', $json->encode({ recipient => { type => 'email', identity => $ada, hashed => JSON::PP::false },
        id => $hidden, badge => { name => $hidden } }), 'x';
    my %url = (
        good => $issuer->badge('several', to => $ada), more => $issuer->badge('more', to => $ada), no => $issuer->badge('no', to => $ada),
        exists => $issuer->badge('exists', to => $ada), gone => $issuer->url('none.json'), bad => $issuer->put('bad.json', 'not JSON'),
        other => $issuer->badge('other', to => $bob), over => $issuer->badge('expired', to => $ada, assertion => { expires => '2026-02-01T00:00:00Z' }), script => $script,
    );
    take($url{exists});
    my @order = qw(good more no exists gone bad other over script);
    my $path = shown($learner->get(claim(@url{@order}, $url{good})), 'sent');
    my $text = $learner->get($path)->decoded_content;
    is_deeply { fields($text) }, { offered => [ 0 .. 2 ], accept => [ 0 .. 2 ] }, 'three can be accepted';
    unlike $text, qr/<script>alert/, 'nothing of a badge is markup';
    my $before = count($ada);
    my $done = $learner->post_form($path, [ (map { (offered => $_) } 0 .. 2), accept => 0, accept => 1, accept => 6, new_collection => ' Pushed ' ]);
    my %want = (good => '', more => '', no => 'DENIED', exists => 'EXISTS', gone => 'INACCESSIBLE', bad => 'MALFORMED', other => 'INVALID', over => 'INVALID', script => 'MALFORMED');
    is_deeply [ map { $_->[1] } @{ fates($done) } ], [ @want{@order} ], 'each has its reason' or diag explain fates($done);
    is count($ada), $before + 2, 'two were added';
    like $done->decoded_content, qr/2 badges are in your backpack now/, '... and it says so';
    like $done->decoded_content, qr{data-report="\Q@{[$stack->base]}\E/verify\?url=http%3A//127[^"]*none\.json"}, 'a report has an address';
    like $done->decoded_content, qr{data-message="[^"]*none\.json[^"]*404}, 'and a message';
    my $rows = $stack->sql("SELECT c.visibility, COUNT(*) FROM obi.collection c JOIN obi.collection_badge m ON m.collection_id = c.id WHERE c.name = 'Pushed' GROUP BY c.id, c.visibility");
    is_deeply $rows, [ [ 0, 2 ] ], 'both are in the new collection, which only its owner sees';
};

# Documents that many badges name are fetched once, but read for each.
subtest 'a worker holds what one badge takes, not what twenty do' => sub {
    my $heavy = $issuer->put('heavy.json', '{"@context":"https://w3id.org/openbadges/v2","type":"Endorsement","x":[' . join(',', ('{}') x 3900) . ']}');
    my @urls = map { $issuer->badge("heavy$_", to => $ada, assertion => { endorsement => [ map { "$heavy?$_" } 1 .. 30 ] }) } 1 .. 20;
    my $path = shown(frameless($learner, [ map { (assertions => $_) } @urls ]), 'sent');
    my %fields = fields($learner->get($path)->decoded_content);
    is scalar @{ $fields{offered} // [] }, 20, 'all can be accepted';
    for my $worker ($stack->workers('fetch')) {
        open my $status, '<', "/proc/$worker/status" or next;
        my ($kib) = join('', <$status>) =~ /^VmHWM:\s+(\d+)/m;
        cmp_ok $kib, '<', 1 << 20, 'within a gigabyte, the sanitizers\' included';
    }
};

subtest 'twenty badges with long names' => sub {
    my $name = "\x{10d0}" x 200;
    my @urls = map { $issuer->badge("long$_", to => $ada, name => $name) } 1 .. 20;
    my $path = shown(frameless($learner, [ map { (assertions => $_) } @urls ]), 'sent');
    my $text = $learner->get($path)->decoded_content;
    my $done = $learner->post_form($path, { $text =~ /name="(name\.\d+)" value="([^"]*)"/g, decline => 1 });
    is $done->code, 200, 'can be decided on';
    ok index($done->decoded_content, '>' . substr $name, 0, 166) > 0, '... and are called by them';
};

subtest 'no more collections' => sub {
    my $email = $story->address('full');
    my $full = $story->browser($email);
    my $user = $stack->sql("SELECT user_id FROM obi.user_email WHERE email = '$email'")->[0][0];
    $stack->sql("INSERT INTO obi.collection (user_id, id, visibility, path, name, description, created_at_s) SELECT $user, seq, 0, CONCAT('full-', seq), 'x', '', 1 FROM obi.seq_1_to_1000");
    my @urls = map { $issuer->badge("full$_", to => $email) } 1, 2;
    my $path = shown($full->get(claim(@urls)), 'sent');
    $full->get($path);
    is $full->post_form($path, [ (map { (offered => $_, accept => $_) } 0, 1), new_collection => "x\x01" ])->code, 400, 'a name that no collection has';
    my $done = $full->post_form($path, [ (map { (offered => $_, accept => $_) } 0, 1), new_collection => 'More' ]);
    is_deeply fates($done), [ map { [ $_, '' ] } @urls ], 'the badges are added';
    like $done->decoded_content, qr/as many collections as there can be/, '... and why they are in none is said';
};

subtest 'into a collection' => sub {
    my $public = $story->collection($ada, 'Public', 1);
    my $foreign = $story->collection($ada, 'Foreign', 0);
    my $url = $issuer->badge('into', to => $ada);
    my $plain = $issuer->badge('plain', to => $ada, plain => 1);
    my $path = shown($learner->get(claim($url, $plain)), 'sent');
    like $learner->get($path)->decoded_content, qr/<option value="$public">Public</, 'it can be chosen';
    my @all = (map { (offered => $_, accept => $_) } 0, 1);
    is $learner->post_form($path, [ @all, collection => $foreign - 1 ])->code, 404, 'another\'s cannot';
    is $learner->post_form($path, [ @all, collection => 'x' ])->code, 400, 'nor what is none';
    is $learner->post_form($path, [ @all, new_collection => 'x' x 201 ])->code, 400, 'nor a name that is too long';
    is_deeply [ map { $_->[1] } @{ fates($learner->post_form($path, [])) } ], [ 'DENIED', 'DENIED' ], 'and nothing was added then';
    my $done = $learner->post_form($path, [ @all, collection => $public ]);
    like $done->decoded_content, qr/Not put into the collection, which others can see/, 'an address in clear is not shown unasked';
    is $stack->sql("SELECT COUNT(*) FROM obi.collection_badge WHERE collection_id = $public")->[0][0], 1, 'the other is in it';
};

subtest 'somebody else' => sub {
    my $path = shown($learner->get(claim($issuer->badge('else', to => $bob))), 'sent to ada');
    my $session = $stack->browser->sign_in($story->address('fay'));
    my $page = $session->get($path)->decoded_content;
    like $page, qr/issued to somebody else/, 'not hers';
    like $page, qr{action="/signout".*?name="next" value="$path"}s, 'she can be somebody else';
    is $session->post_form('/signout', { next => $path })->header('Location'), $path, 'and is led back here';
    is $session->get($path)->header('Location'), "/signin?next=$path", '... by way of signing in';
    for my $bad ('https://evil.example/', '//evil.example', '/\\evil.example') {
        my $gone = $stack->browser;
        is $gone->post_form('/signout', { next => $bad })->header('Location'), '/', "not to $bad";
    }
};

subtest 'an hour' => sub {
    my $path = shown($learner->get(claim($issuer->badge('late', to => $ada))), 'sent');
    my @gone = map { "/issuer/push/$_" } 'x', 'x' x 43;
    is $learner->get($_)->code, 404, 'no such push' for @gone;
    $stack->clock(3601);
    is $learner->get($path)->code, 404, 'after an hour it is gone';
    is $learner->post_form($path, { offered => 0, accept => 0 })->code, 404, '... also for the form';
    $stack->clock(0);
};

subtest 'a class behind one address' => sub {
    my $class = $stack->browser;
    my $url = $issuer->badge('class', to => $ada);
    my @codes = map { $class->get(claim($url))->code } 1 .. 90;
    is_deeply [ grep { $_ != 303 } @codes ], [], 'thirty with three each get in';
    $stack->sql("UPDATE obi.rate SET taken = 600 WHERE taken = 90");
    my $answer = $class->get(claim($url));
    is $answer->code, 429, 'no end of them do not';
    ok $answer->header('Retry-After'), '... and are told to wait';
};

subtest 'when workers are away' => sub {
    $stack->stop('fetch');
    my $answer = look($issuer->url('none.json'));
    $stack->start('fetch');
    ok answered($answer, 502, 'nginx says so')->{message}, '... in the shape of the others';
    $stack->expect_log('fetch.sock');
};

subtest 'welcome' => sub {
    my $new = $stack->browser->sign_in($story->address('new'));
    like $new->get('/issuer/welcome')->decoded_content, qr/Almost finished/, 'who has no badge is sent back to the issuer';
    is $learner->get('/issuer/welcome')->header('Location'), '/', 'who has is at home';
    is $stack->browser->get('/issuer/welcome')->header('Location'), '/signin?next=/issuer/welcome', 'who is nobody signs in';
};

subtest 'issuer.js' => sub {
    my $script = $stack->browser->get('/issuer.js?version=1');
    is $script->code, 200, 'is there';
    like $script->content_type, qr/javascript/, '... as a script';
    is $script->header('Access-Control-Allow-Origin'), '*', '... for every site';
    like $script->header('Cache-Control'), qr/max-age=300/, '... and a new one soon replaces it';
    my $packed = $stack->browser->get('/issuer.js', 'Accept-Encoding' => 'gzip');
    is $packed->header('Content-Encoding'), 'gzip', '... compressed';
    cmp_ok length $packed->content, '<', 6000, '... small';
};

subtest 'no log knows what was sent' => sub {
    my $path = shown($learner->get(claim($issuer->badge('logged', to => $ada))), 'sent');
    my ($token) = $path =~ m{([^/]+)$};
    $learner->get($path);
    for my $log (qw(nginx-access nginx-error app fetch)) {
        unlike $stack->log_text($log), qr/\Q$token/, $log;
        unlike $stack->log_text($log), qr/logged\.json/, '... nor the badge';
    }
};

done_testing;
