#!/usr/bin/perl
# A hostile issuer, a hostile neighbour and a hostile site: what they write stays text, what they send is refused.
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use HTTP::Request;
use Test::More;
use OBI::Story;
use OBI::Test;

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output todo_output);
my $stack = OBI::Test->stack;
my $story = OBI::Story->new($stack, 'hostile');
my $email = $story->address('ada');
my $mallory = $story->address('mallory');
my $xss = q{"'><script>alert(1)</script><img src=x onerror=alert(2)>{{csrf}}{{{csrf}}}]]><script>alert(8)</script>};
my $link = q{javascript:alert(3)//http://x.example/};
my $badge_url = $story->issuer->badge('bad', to => $email, name => "Name $xss", issuer => "Issuer $xss", description => "Text $xss",
    svg => 1, picture => OBI::Issuer::svg('<script>alert(4)</script><a xlink:href="javascript:alert(5)" xmlns:xlink="http://www.w3.org/1999/xlink"><rect onload="alert(6)"/></a><foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><script>alert(7)</script></body></foreignObject>'),
    profile => { description => $xss },
    class => { criteria => { id => "https://x.example/$xss" =~ s/[ "<>{}\[\]]/_/gr, narrative => $xss }, tags => [$xss],
        alignment => [ { targetName => $xss, targetUrl => 'https://x.example/a' } ] },
    assertion => { narrative => $xss, evidence => [ { id => 'https://x.example/e', name => $xss, narrative => $xss, genre => $xss } ] });
my ($badge) = $story->import_all($email, $badge_url);
is($badge->{outcome}, 'added', 'a badge full of markup is a badge') or diag explain $badge;
my $group = $story->collection($email, "Mine $xss", 1, $badge->{id});
my $path = $stack->sql("SELECT path FROM obi.collection WHERE id = $group")->[0][0];
my $browser = $story->browser($email);
$browser->get("/backpack/badge/$badge->{id}");
$browser->post_form("/backpack/badge/$badge->{id}/visibility", { visibility => 'public', confirmed => 1 });
my $badge_path = $stack->sql("SELECT path FROM obi.badge_path WHERE badge_id = $badge->{id}")->[0][0];
my $user = $story->user_id($email);

# Markup of others, wherever it came out as markup; links that run; anything inline.
sub is_harmless {
    my ($html, $what) = @_;
    unlike($html, qr/<script(?![^>]*\ssrc=)/i, "$what: no script of its own");
    unlike($html, qr/alert\(\d\)<\/script>/i, "$what: no script of others");
    unlike($html, qr/<img src=x/i, "$what: no element of others");
    unlike($html, qr/(?:href|src|action)\s*=\s*["']?\s*(?:javascript|data|vbscript):/i, "$what: no link that runs");
    unlike($html, qr/<[^>]+\son[a-z]+\s*=\s*"/i, "$what: no handler in an element");
    unlike($html, qr/<[^>]+\sstyle\s*=/i, "$what: no style in an element");
    like($html, qr/&lt;script&gt;|&#60;script/, "$what: it is shown as the text it is") if $html =~ /alert/;
}

subtest 'an issuer\'s text is text on every page' => sub {
    my $seen = 0;
    for my $page ('/backpack', "/backpack/badge/$badge->{id}", '/collections', "/collections/$group", '/backpack/add',
        "/share/collection/$path", "/share/badge/$badge_path", "/embed/collection/$path", "/embed/badge/$badge_path") {
        my $reply = $browser->get($page);
        is($reply->code, 200, $page);
        my $html = $reply->decoded_content;
        $seen++ if $html =~ /alert\(1\)/;
        is_harmless($html, $page);
        my $policy = $reply->header('Content-Security-Policy') // '';
        like($policy, qr/default-src 'none'/, "$page: only what is named is loaded");
        unlike($policy, qr/unsafe|\*(?!\s*;|$)|data:/, "$page: nothing inline");
        like($policy, qr/base-uri 'none'/, "$page: no other base");
        like($policy, qr/form-action 'self'/, "$page: forms come back to us");
        is($reply->header('X-Content-Type-Options'), 'nosniff', "$page: its type is its type");
    }
    cmp_ok($seen, '>=', 5, 'the text was really there to be shown');
};

subtest 'a failed import says what failed, as text' => sub {
    my $url = $story->issuer->badge('worse', to => $email, assertion => { issuedOn => $xss });
    $browser->get('/backpack/add');
    my $reply = $browser->post_form('/backpack/add', { url => $url });
    is_harmless($reply->decoded_content, 'refused');
    $reply = $browser->post_form('/backpack/add', { url => "$link$xss" });
    is_harmless($reply->decoded_content, 'no address');
    $reply = $browser->post_form('/backpack/add', [ file => [ undef, "$xss.png", Content => "no picture $xss" ] ]);
    is_harmless($reply->decoded_content, 'a file with such a name');
};

subtest 'addresses that run are no links' => sub {
    my $url = $story->issuer->badge('links', to => $email,
        profile => { url => $link }, class => { alignment => [ { targetName => 'x', targetUrl => $link } ] },
        assertion => { evidence => $link });
    my ($result) = eval { $story->import_all($email, $url) };
    my $doc = ref $result ? $result : {};
    if ($doc->{id}) {
        is_harmless($browser->get("/backpack/badge/$doc->{id}")->decoded_content, 'its page');
    } else {
        ok(1, 'such a badge is refused');
    }
};

subtest 'pictures run nothing' => sub {
    for my $from ("/backpack/badge/$badge->{id}/picture", $story->json("/displayer/$user/group/$group.json")->{badges}[0]{imageUrl}) {
        my $reply = $browser->get($from);
        is($reply->code, 200, $from);
        like($reply->header('Content-Security-Policy') // '', qr/\bsandbox\b(?!\s+allow)/, 'it is sandboxed');
        like($reply->header('Content-Security-Policy') // '', qr/default-src 'none'/, 'and loads nothing');
        (my $markup = $reply->content) =~ s/<!\[CDATA\[.*?\]\]>//gs; # text, as any reader of XML sees it
        unlike($markup, qr/<script|onload=/i, 'and has lost its scripts');
    }
};

subtest 'a neighbour reaches nothing that is not theirs' => sub {
    my $other = $story->browser($mallory);
    my ($secret) = $story->import_all($email, $story->issuer->badge('secret', to => $email));
    my $hidden = $story->collection($email, 'Hidden', 0, $secret->{id});
    my $hidden_path = $stack->sql("SELECT path FROM obi.collection WHERE id = $hidden")->[0][0];
    for my $page ("/backpack/badge/$secret->{id}", "/backpack/badge/$secret->{id}/picture", "/collections/$hidden",
        "/share/collection/$hidden_path", "/share/collection/$hidden_path.json", "/embed/collection/$hidden_path", "/displayer/$user/group/$hidden.json") {
        is($other->get($page)->code, 404, $page);
    }
    $other->get('/collections');
    for my $post ([ "/backpack/badge/$secret->{id}/remove", { confirmed => 1 } ], [ "/backpack/badge/$secret->{id}/visibility", { visibility => 'public', confirmed => 1 } ],
        [ "/backpack/badge/$secret->{id}/collect", { collection => $hidden, confirmed => 1 } ],
        [ "/collections/$hidden/change", { name => 'Stolen', visibility => 'public', confirmed => 1 } ],
        [ "/collections/$hidden/badges", { badge => $secret->{id}, do => 'drop' } ], [ "/collections/$hidden/remove", { confirmed => 1 } ]) {
        is($other->post_form(@$post)->code, 404, "POST $post->[0]");
    }
    my $mine = $story->collection($mallory, 'Mallory', 1);
    $other->get("/collections/$mine");
    $other->post_form("/collections/$mine/badges", { badge => $secret->{id}, do => 'put' });
    is_deeply($stack->sql("SELECT badge_id FROM obi.collection_badge WHERE collection_id = $mine"), [], 'another\'s badge is not put into one\'s own');
    is_deeply($stack->sql("SELECT name, visibility FROM obi.collection WHERE id = $hidden"), [ [ 'Hidden', '0' ] ], 'nothing was changed');
};

subtest 'another site changes nothing' => sub {
    my @posts = map { [ $_->[0], $_->[1] ] } (
        [ "/backpack/badge/$badge->{id}/remove", { confirmed => 1 } ], [ "/collections/$group/remove", { confirmed => 1 } ],
        [ "/collections/$group/change", { name => 'Taken', visibility => 'private' } ], [ '/collections', { name => 'Planted' } ],
        [ '/settings', { findable => 1 } ], [ '/signout', {} ], [ '/backpack/add', { url => $badge_url } ]);
    for my $post (@posts) {
        my ($where, $fields) = @$post;
        is($browser->post($where, [%$fields])->code, 403, "$where without a token");
        is($browser->post($where, [ %$fields, _csrf => 'x' x 43 ])->code, 403, "$where with a wrong one");
        $browser->get('/settings');
        is($browser->post($where, [ %$fields, _csrf => $browser->csrf ], 'Sec-Fetch-Site' => 'cross-site')->code, 403, "$where from elsewhere, even with it");
        my $json = HTTP::Request->new(POST => $where, [ 'Content-Type' => 'text/plain' ], '{"name":"x","confirmed":1}');
        cmp_ok($browser->request($json)->code, '>=', 400, "$where as text");
        for my $method (qw(GET PUT DELETE)) {
            next if $method eq 'GET' && $where =~ m{^/(?:collections|settings|backpack/add)$};
            my $code = $browser->request(HTTP::Request->new($method => $where))->code;
            # A page that asks first may be looked at; what it asks about is still there at the end.
            like($code, $method eq 'GET' && $where =~ /remove$/ ? qr/^(?:200|40[45])$/ : qr/^40[45]$/, "$method $where");
        }
    }
    is($browser->get('/backpack')->code, 200, 'still signed in');
    is($story->json("/displayer/$user/group/$group.json")->{groupId}, $group, 'all is as it was');
};

subtest 'pages are in nobody\'s frame and in no cache' => sub {
    for my $page ('/backpack', "/collections/$group", '/settings', '/signin') {
        my $reply = $browser->get($page);
        like($reply->header('Content-Security-Policy') // '', qr/frame-ancestors 'none'/, "$page: no frame");
        like($reply->header('Cache-Control') // '', qr/no-store/, "$page: not stored");
        ok(!$reply->header('Access-Control-Allow-Origin'), "$page: no other origin reads it");
    }
};

subtest 'a forged Host leads nowhere' => sub {
    my $reply = $browser->request(HTTP::Request->new(GET => "/share/collection/$path", [ Host => 'evil.example', 'X-Forwarded-Host' => 'evil.example' ]));
    unlike($reply->decoded_content // '', qr/evil\.example/, 'no link to it');
    unlike($reply->header('Location') // '', qr/evil\.example/, 'no redirect to it');
    for my $host ('evil.example', 'localhost:1@evil.example') {
        my $answer = $story->get("/displayer/$user/group/$group.json", Host => $host);
        unlike($answer->{content}, qr/evil\.example/, "no address in JSON names $host");
    }
};

done_testing;
