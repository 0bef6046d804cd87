#!/usr/bin/perl
# The display API as other sites meet it: shapes, statuses, who is shown and who is not.
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP;
use Test::More;
use OBI::Story;
use OBI::Test;

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output todo_output);
my $stack = OBI::Test->stack;
my $story = OBI::Story->new($stack, 'Displayer');
my $base = $stack->base;
my $http = $story->http;
my $json = JSON::PP->new->utf8;

sub get { return $story->get(@_) }
sub doc { return $story->decode(@_) }

sub post_form {
    my ($body, $type) = @_;
    return $http->post("$base/displayer/convert/email",
        { content => $body, headers => { 'Content-Type' => $type // 'application/x-www-form-urlencoded' } });
}

sub no_cookie { my ($answer, $what) = @_; ok(!exists $answer->{headers}{'set-cookie'}, "$what sets no cookie") }

# A learner with a public collection whose order is not that of the badges' making, and two that are not public.
my $email = $story->address('Ada');
my $issuer = $story->issuer;
my @hostile = ('</script><script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "\x{2028}line\x{2029}");
my @urls = (
    $issuer->badge('one', to => lc $email, name => $hostile[0]),
    $issuer->badge_10('two', to => $email, name => $hostile[1]),
    $issuer->badge_05('three', to => lc $email, name => $hostile[2]),
    $issuer->badge('drawn', to => $email, svg => 1),
);
my @ids = map { $_->{id} } $story->import_all($email, @urls);
is(scalar(grep { $_ } @ids), 4, 'four badges of three versions are there to be shown');
my $public = $story->collection($email, "Öffentlich & <b>bold</b>", 1, @ids[2, 0, 3, 1]);
my $private = $story->collection($email, 'Mine alone', 0, $ids[0]);
my $other = $story->address('bob');
my ($others_badge) = $story->import_all($other, $issuer->badge('bobs', to => $other));
my $others_private = $story->collection($other, 'Also mine', 0, $others_badge->{id});
my $carol = $story->address('carol');
my ($carols_badge) = $story->import_all($carol, $issuer->badge('carols', to => $carol));
my $carols_public = $story->collection($carol, 'Of Carol', 1, $carols_badge->{id});

my $user;
subtest 'an address becomes a number' => sub {
    my $answer = post_form('email=' . $http->www_form_urlencode({ a => $email }) =~ s/^a=//r);
    is($answer->{status}, 200, 'as a form');
    like($answer->{headers}{'content-type'}, qr{^application/json}, 'the answer is JSON');
    my $found = doc($answer);
    $user = $found->{userId};
    is_deeply($found, { status => 'okay', email => $email, userId => $user }, 'of the old shape');
    no_cookie($answer, 'the answer');
    ok(!exists $answer->{headers}{'access-control-allow-origin'}, 'no other origin may read it');
    is(doc(post_form($json->encode({ email => $email }), 'application/json'))->{userId}, $user, 'as JSON');
    is(doc(post_form("--b\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\n$email\r\n--b--\r\n",
        'multipart/form-data; boundary=b'))->{userId}, $user, 'as multipart');
    is(doc(post_form('email=' . uc($email) =~ s/@/%40/r))->{userId}, $user, 'whatever the letters\' case');
};

subtest 'who is not there, or not to be found, is missing' => sub {
    for my $who ($story->address('nobody'), $other, 'no address at all', ('a' x 400) . '@example.org', "' OR 1=1 -- ") {
        my $answer = $http->post_form("$base/displayer/convert/email", { email => $who });
        is($answer->{status}, 404, substr($who, 0, 30));
        my $said = $who =~ s/^\s+|\s+$//gr;
        is_deeply(doc($answer), { status => 'missing',
            error => 'Could not find a user by the email address `' . substr($said, 0, 254) . '`' }, 'in the old words');
    }
    for my $body ('', 'mail=x', 'email=', 'email=%20%20') {
        my $answer = post_form($body);
        is($answer->{status}, 400, "without an address: '$body'");
        is_deeply(doc($answer), { status => 'invalid', error => 'missing `email` parameter' }, 'in the old words');
    }
    my $answer = post_form("email=\xff\xfe");
    ok($answer->{status} == 400 || $answer->{status} == 404, 'bytes that are no UTF-8 are refused');
    is(ref doc($answer), 'HASH', 'with JSON');
    $answer = post_form('{"email":', 'application/json');
    is($answer->{status}, 400, 'JSON that breaks off');
    is(doc($answer)->{status}, 'invalid', 'is invalid');
    $answer = post_form('<email/>', 'text/xml');
    is($answer->{status}, 415, 'XML is not taken');
};

subtest 'the public collections and no others' => sub {
    for my $path ("/displayer/$user/groups.json", "/displayer/$user/groups") {
        my $answer = get($path);
        is($answer->{status}, 200, $path);
        like($answer->{headers}{'content-type'}, qr{^application/json}, 'is JSON');
        is_deeply(doc($answer), { userId => $user, groups => [
            { groupId => $public, name => "Öffentlich & <b>bold</b>", badges => 4 } ] }, 'of the old shape');
        is($answer->{headers}{'access-control-allow-origin'}, '*', 'every origin may read it');
        is($answer->{headers}{'x-content-type-options'}, 'nosniff', 'nobody guesses its type');
        no_cookie($answer, 'it');
    }
    like(get("/displayer/$user/groups.json")->{content}, qr/"userId":\d+,"groups":\[\{"groupId":\d+,"name":/,
        'numbers are numbers, names in the old order');
};

my $group = "/displayer/$user/group/$public";
subtest 'the badges of a collection, in the learner\'s order' => sub {
    my $answer = get("$group.json");
    is($answer->{status}, 200, 'status');
    my $doc = doc($answer);
    is_deeply([ sort keys %$doc ], [qw(badges groupId userId)], 'the old members');
    is_deeply([ map { $_->{hostedUrl} } @{ $doc->{badges} } ], [ @urls[2, 0, 3, 1] ], 'the order is the learner\'s');
    is_deeply([ map { $_->{assertion}{badge}{name} } @{ $doc->{badges} } ], [ @hostile[2, 0], 'Badge drawn', $hostile[1] ],
        'names are as the issuer wrote them');
    for my $badge (@{ $doc->{badges} }) {
        is_deeply([ sort keys %$badge ], [qw(assertion hostedUrl imageUrl lastValidated verification)], 'a badge has the old members and how it stands');
        like($badge->{lastValidated}, qr/^\d{4}-\d\d-\d\dT00:00:00\.000Z$/, 'the day of the last check');
        like($badge->{assertion}{recipient}, qr/^sha256\$[0-9a-f]{64}$/, 'its recipient is a hash');
        is(ref $badge->{assertion}{badge}{issuer}, 'HASH', 'its issuer stands in it');
        my $picture = $http->get($badge->{imageUrl});
        is($picture->{status}, 200, 'its picture is there');
        like($badge->{imageUrl}, qr/^\Q$base\E/, 'on this site');
        like($picture->{content}, qr/openbadges/, 'and baked');
    }
    no_cookie($answer, 'it');
    is($answer->{headers}{'access-control-allow-origin'}, '*', 'every origin may read it');
    is_deeply(doc(get($group)), $doc, 'the same without .json');
};

subtest 'what is not public is missing, and all misses look alike' => sub {
    my $missing = '{"httpStatus":404,"status":"missing"}';
    my %paths = (
        'a private collection' => "/displayer/$user/group/$private.json",
        'somebody else\'s public collection' => "/displayer/$user/group/$carols_public.json",
        'somebody else\'s private collection' => "/displayer/$user/group/$others_private.json",
        'no such collection' => "/displayer/$user/group/1.json",
        'no such user' => '/displayer/1/groups.json',
        'no such user\'s collection' => "/displayer/1/group/$public.json",
        'a user that is no number' => '/displayer/me/groups.json',
        'a number with letters behind it' => "/displayer/${user}abc/groups.json",
        'nought' => '/displayer/0/groups.json',
        'a number below nought' => '/displayer/-1/groups.json',
        'a number with a sign' => "/displayer/%2B$user/groups.json",
        'a number with nought before it, of twenty digits' => '/displayer/' . sprintf('%020d', $user) . '/groups.json',
        'a number beyond 2^53' => '/displayer/9007199254740993/groups.json',
        'a number beyond 2^64' => "/displayer/" . (18446744073709551616 + 0 ? '18446744073709551617' : '') . '/groups.json',
        'a number of a thousand digits' => '/displayer/' . '9' x 1000 . '/groups.json',
        'hexadecimal' => '/displayer/0x1/groups.json',
        'a collection beyond 2^64' => "/displayer/$user/group/" . '9' x 30,
        'SQL' => "/displayer/$user%20OR%201=1/groups.json",
    );
    for my $what (sort keys %paths) {
        my $answer = get($paths{$what});
        is($answer->{status}, 404, $what);
        is($answer->{content}, $missing, 'says so');
        is($answer->{headers}{'access-control-allow-origin'}, '*', 'to every origin');
        no_cookie($answer, 'it');
    }
    for my $path ("/displayer/%ff%fe/groups.json", "/displayer/%00/groups.json", "/displayer/$user/group/%c0%af") {
        my $answer = get($path);
        ok($answer->{status} == 404 || $answer->{status} == 400, "$path: $answer->{status}");
    }
};

subtest 'Accept is read as HTTP says' => sub {
    for my $accept ('*/*', 'application/json', 'application/json; charset=utf-8', 'application/*', 'APPLICATION/JSON',
        'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html, application/json;q=0.1', '') {
        for my $path ("/displayer/$user/groups", $group) {
            my $answer = get($path, Accept => $accept);
            is($answer->{status}, 200, "'$accept' gets JSON");
            like($answer->{headers}{'content-type'}, qr{^application/json}, 'of its type');
            my $vary = $answer->{headers}{vary} // '';
            like(ref $vary ? "@$vary" : $vary, qr/\bAccept\b(?!-)/, 'and caches are told what it depends on');
        }
    }
    for my $accept ('text/html', 'image/png, text/*', 'application/json;q=0', '*/*, application/json;q=0.000') {
        for my $again (1, 2) {
            my $answer = get("/displayer/$user/groups", Accept => $accept);
            is($answer->{status}, 400, "'$accept' gets none");
            is($answer->{content}, 'error: could not find formatter', 'in the old words');
            like($answer->{headers}{'content-type'}, qr{^text/plain}, 'as text');
        }
        is(get("/displayer/$user/groups.json", Accept => $accept)->{status}, 200, 'but .json always does');
        is(get("$group.json", Accept => $accept)->{status}, 200, 'also for a collection');
    }
};

subtest 'JSONP' => sub {
    my $plain = get("$group.json")->{content};
    for my $name ('f', '_', '$', 'jQuery19_1', 'angular.callbacks._0', 'cb[0]', 'a' x 128) {
        my $answer = get("$group.json?callback=$name");
        is($answer->{status}, 200, substr $name, 0, 30);
        like($answer->{headers}{'content-type'}, qr{^application/javascript}, 'is a script');
        is($answer->{headers}{'x-content-type-options'}, 'nosniff', 'and nothing else');
        my ($inside) = $answer->{content} =~ m{\A/\*\*/\Q$name\E\((.*)\)\z}s;
        is_deeply(doc({ content => $inside // '' }), doc({ content => $plain }), 'that calls with the same');
        no_cookie($answer, 'it');
    }
    my $script = get("$group.json?callback=f")->{content};
    unlike($script, qr/</, 'no tag can end the script');
    unlike($script, qr/\xE2\x80[\xA8\xA9]/, 'no line separator can break it');
    my $answer = get("/displayer/1/groups.json?callback=f");
    is("$answer->{status} $answer->{content}", '200 /**/f({"httpStatus":404,"status":"missing"})', 'a miss too has status 200');
    for my $name ('alert(1)//', 'a;b', 'a%20b', '<script>', 'a.', '.a', '1a', 'a[b]', "a['b']", 'a%0Ab', 'a%00', '%E2%80%A8', 'a/**/',
        'a=1', '%ff', 'a' x 129, '{', 'a)', 'a`', '%5Cu0061') {
        my $refused = get("$group.json?callback=$name");
        is($refused->{status}, 400, 'no name: ' . substr $name, 0, 30);
        like($refused->{headers}{'content-type'}, qr{^(application/json|text/html)}, 'is no script');
        like($refused->{content}, qr/callback: may have letters/, 'and says what is') if $name eq 'a;b';
        unlike($refused->{content}, qr/\Q$name\E/, 'does not come back') if length $name > 2;
    }
    is(get("$group.json?callback=")->{content}, $plain, 'an empty name is none');
    is(get("$group.json?utm_source=x&callback=f&v=1")->{content}, $script, 'other arguments change nothing');
    is(get("$group.json?utm_source=x")->{content}, $plain, 'also without a callback');
};

subtest 'methods' => sub {
    for my $path ("/displayer/$user/groups.json", "$group.json", $group) {
        my $get = get($path);
        my $head = $http->head("$base$path");
        is($head->{status}, 200, "HEAD $path");
        is($head->{content} // '', '', 'has no body');
        is($head->{headers}{$_}, $get->{headers}{$_}, "the same $_") for qw(content-type etag access-control-allow-origin);
        for my $method (qw(POST PUT DELETE)) {
            my $answer = $http->request($method, "$base$path");
            is($answer->{status}, 405, "$method is refused");
            like($answer->{headers}{allow} // '', qr/GET/, 'and told what is not');
        }
        my $preflight = $http->request('OPTIONS', "$base$path", { headers => {
            Origin => 'https://other.example', 'Access-Control-Request-Method' => 'GET' } });
        like($preflight->{status}, qr/^20[04]$/, 'OPTIONS');
        is($preflight->{headers}{'access-control-allow-origin'}, '*', 'a preflight is answered');
    }
    my $preflight = $http->request('OPTIONS', "$base/displayer/convert/email", { headers => {
        Origin => 'https://other.example', 'Access-Control-Request-Method' => 'POST' } });
    ok(!exists $preflight->{headers}{'access-control-allow-origin'}, 'but not for convert/email');
    my $form = get('/displayer/convert/email');
    is($form->{status}, 200, 'GET convert/email');
    like($form->{content}, qr/<form/, 'is a form to try it with');
};

subtest 'a document can be asked for again' => sub {
    for my $path ("/displayer/$user/groups.json", "$group.json") {
        my $answer = get($path);
        like($answer->{headers}{etag} // '', qr/^(W\/)?".+"$/, 'it has an ETag');
        like($answer->{headers}{'cache-control'} // '', qr/no-cache/, 'and is revalidated each time');
        my $again = get($path, 'If-None-Match' => $answer->{headers}{etag});
        is($again->{status}, 304, 'it is as it was');
        is($again->{content} // '', '', 'without a body');
        is(get($path, 'If-None-Match' => '"other"')->{status}, 200, 'another tag gets it');
    }
};

subtest 'the order follows the learner at once' => sub {
    my $browser = $story->browser($email);
    my $order = sub { [ map { $_->{hostedUrl} } @{ doc(get("$group.json"))->{badges} } ] };
    $browser->get("/collections/$public");
    $browser->post_form("/collections/$public/badges", { badge => $ids[1], do => 'up' });
    is_deeply($order->(), [ @urls[2, 0, 1, 3] ], 'one place up');
    $browser->post_form("/collections/$public/badges", { badge => $ids[2], do => 'down' });
    is_deeply($order->(), [ @urls[0, 2, 1, 3] ], 'one place down');
    $browser->post_form("/collections/$public/badges", { badge => $ids[0], do => 'drop' });
    is_deeply($order->(), [ @urls[2, 1, 3] ], 'taken out');
    is(doc(get("/displayer/$user/groups.json"))->{groups}[0]{badges}, 3, 'and counted out');
};

subtest 'who does not want to be found is not, and is again when they do' => sub {
    my $dora = $story->address('dora');
    my ($badge) = $story->import_all($dora, $issuer->badge('doras', to => $dora));
    my $only = $story->collection($dora, 'Of Dora', 0, $badge->{id});
    my $asks = sub { $http->post_form("$base/displayer/convert/email", { email => $dora })->{status} };
    is($asks->(), 404, 'nothing public');
    $story->show_collection($dora, $only, 'link', 'Of Dora');
    is($asks->(), 404, 'nor what only a link leads to');
    $story->show_collection($dora, $only, 'public', 'Of Dora');
    is($asks->(), 200, 'something public');
    my $browser = $story->browser($dora);
    for my $findable (0, 1) {
        $browser->get('/settings');
        $browser->post_form('/settings', $findable ? { findable => 1 } : {});
        is($asks->(), $findable ? 200 : 404, $findable ? 'switched on again' : 'switched off');
    }
    $story->show_collection($dora, $only, 'private', 'Of Dora');
    is($asks->(), 404, 'taken back');
};

subtest 'a removed user is gone' => sub {
    my $id = doc($http->post_form("$base/displayer/convert/email", { email => $carol }))->{userId};
    my $picture = doc(get("/displayer/$id/group/$carols_public.json"))->{badges}[0]{imageUrl};
    is($http->get($picture)->{status}, 200, 'while there, the picture is too');
    is(($stack->obi('user', 'remove', $carol))[0], 0, 'the user is removed');
    is($http->post_form("$base/displayer/convert/email", { email => $carol })->{status}, 404, 'nobody finds them');
    is(get("/displayer/$id/groups.json")->{status}, 404, 'no collections');
    is(get("/displayer/$id/group/$carols_public.json")->{status}, 404, 'no badges');
    is($http->get($picture)->{status}, 404, 'no picture');
};

done_testing;
