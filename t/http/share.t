#!/usr/bin/perl
# Public pages: what others and their programs see, and what nobody does.
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use OBI::Story;
use OBI::Test;
use Test::More;

my $stack = OBI::Test->stack;
my $story = OBI::Story->new($stack, 'share');
my $issuer = $story->issuer;
my $ann = $story->address('ann');
my $base = $stack->base;

# An issuer that writes addresses wherever there is room.
my ($badge) = $story->import_all($ann, $issuer->badge('talkative', to => $ann, plain => 1, name => "For $ann",
    description => "Write to other\@example.com or $ann.", issuer => "Office <office\@example.com>",
    assertion => { narrative => "By $ann", evidence => [ { id => 'https://e.example/?for=' . $ann, narrative => "Of $ann" } ], awardee => $ann },
    class => { tags => [$ann], alignment => [ { targetName => $ann, targetUrl => 'https://s.example/' } ], criteria => { narrative => "Ask $ann" } }));
my ($quiet) = $story->import_all($ann, $issuer->badge('quiet', to => $ann, name => 'Quiet', issuer => 'The workshop'));
my $learner = $stack->browser->sign_in($ann);
my $path = $learner->post_form('/collections', { name => 'Shown', description => 'What I can do' })->header('Location');
$learner->post_form("$path/badges", [ do => 'put', badge => $quiet->{id}, badge => $badge->{id} ]);
$learner->post_form("$path/change", { name => 'Shown', description => 'What I can do', visibility => 'public', confirmed => 1 });
my ($collection) = $learner->get($path)->decoded_content =~ m{value="\S*(/share/collection/[\w-]+)"} or BAIL_OUT('no public collection');
$learner->post_form("/backpack/badge/$badge->{id}/visibility", { visibility => 'public', confirmed => 1 });
my ($single) = $learner->get("/backpack/badge/$badge->{id}")->decoded_content =~ m{value="\S*(/share/badge/[\w-]+)"} or BAIL_OUT('no public badge');

for my $page ($collection, $single) {
    subtest "$page" => sub {
        my $answer = $story->get($page);
        is $answer->{status}, 200, 'opens';
        my $html = $answer->{content};
        for my $name (qw(og:title og:description og:url og:image)) { like $html, qr/<meta property="$name" content="[^"]+"/, $name }
        for my $name (qw(twitter:card twitter:title)) { like $html, qr/<meta name="$name" content="[^"]+"/, $name }
        my ($image) = $html =~ /property="og:image" content="([^"]+)"/;
        like $image, qr{^\Q$base\E/images/badge/[0-9a-f]{64}\.png$}, 'the picture\'s address is whole';
        is $story->get($image)->{status}, 200, 'and opens';
        ok !exists $answer->{headers}{'set-cookie'}, 'no cookie';
        unlike $html, qr/_csrf|<form/, 'no form';
        unlike $html, qr/ style=|<style|<script(?! type="module" src=)/, 'no inline style or script';
        my $etag = $answer->{headers}{etag};
        ok $etag, 'an ETag';
        is $story->get($page, 'If-None-Match' => $etag)->{status}, 304, 'that spares the body';

        my $json = $story->get("$page.json");
        is $json->{status}, 200, 'JSON beside it';
        like $json->{headers}{'content-type'}, qr{^application/json}, 'of that type';
        is $json->{headers}{'access-control-allow-origin'}, '*', 'for every site';
        for my $text ($html, $json->{content}) {
            unlike $text, qr/\Q$ann\E/, 'the learner\'s address is not in it';
            unlike $text, qr/[\w.+-]+(?:@|%40)[\w-]+\.[a-z]+/, 'nor any other';
        }
        like $json->{content}, qr/sha256\$[0-9a-f]{64}/, 'the recipient is a hash';
        my $doc = $story->decode($json);
        is $doc->{url}, "$base$page", 'it says where the page is';
    };
}

subtest 'a card never shows an SVG, which no site takes' => sub {
    my ($svg) = map { $_->{id} } $story->import_all($ann, $issuer->badge('drawn', to => $ann, name => 'Drawn', svg => 1));
    $learner->post_form("/backpack/badge/$svg/visibility", { visibility => 'public' });
    my ($drawn) = $learner->get("/backpack/badge/$svg")->decoded_content =~ m{value="\S*(/share/badge/[\w-]+)"};
    my $id = $story->collection($ann, 'Drawings', 1, $svg);
    my ($drawings) = $learner->get("/collections/$id")->decoded_content =~ m{value="\S*(/share/collection/[\w-]+)"};
    for my $page ($drawn, $drawings) {
        my ($image) = $story->get($page)->{content} =~ /property="og:image" content="([^"]+)"/;
        like $image // '', qr{^\Q$base\E/static/card\.[0-9a-f]{16}\.png$}, 'the site\'s own picture stands for it';
        my $answer = $story->get($image // '/');
        is "$answer->{status} $answer->{headers}{'content-type'}", '200 image/png', 'and opens';
        like $story->get($page)->{content}, qr/property="og:image:alt" content="Open Badges Backpack"/, 'described as what it is';
    }
    $learner->post_form("/collections/$id/badges", [ do => 'put', badge => $quiet->{id} ]);
    like $story->get($drawings)->{content}, qr{"og:image" content="\Q$base\E/images/badge/[0-9a-f]{64}\.png"}, 'nor where there is a PNG beside it';
};

subtest 'an address in the learner\'s own words is hidden like any other' => sub {
    my $id = $story->collection($ann, "All of $ann", 1, $quiet->{id});
    $learner->post_form("/collections/$id/change", { name => "All of $ann", description => "Write to $ann", visibility => 'public' });
    my ($page) = $learner->get("/collections/$id")->decoded_content =~ m{value="\S*(/share/collection/[\w-]+)"};
    for my $at ($page, "$page.json", '/displayer/' . $story->user_id($ann) . '/groups') {
        my $text = $story->get($at, Accept => '*/*')->{content};
        like $text, qr/All of (?:\xE2\x80\xA6|\[e-mail address\])/, "$at: the name";
        unlike $text, qr/\Q$ann\E/, 'without the address';
    }
};

subtest 'the hash in the JSON is the learner\'s, and stays the same' => sub {
    require Digest::SHA;
    my $doc = $story->json("$single.json")->{assertion};
    is $doc->{recipient}, 'sha256$' . Digest::SHA::sha256_hex($ann . $doc->{salt}), 'whoever knows the address can tell';
    is $story->json("$collection.json")->{badges}[1]{assertion}{recipient}, $doc->{recipient}, 'everywhere the same';
};

subtest 'what is not public is not there' => sub {
    for my $at ('/share/collection/none', '/share/badge/none', '/share/collection/' . 'x' x 300, '/share/badge/..%2f') {
        my $answer = $story->get($at);
        is $answer->{status}, 404, $at;
        ok !exists $answer->{headers}{'set-cookie'}, 'no cookie';
    }
    is $story->get('/share/collection/none.json')->{status}, 404, 'no JSON either';
    unlike $story->get($collection)->{content}, qr{href="/share/badge/[^"]*">Quiet}, 'a badge without a page of its own is not linked';
    like $story->get($collection)->{content}, qr{href="\Q$single\E"}, 'one with it is';
};

subtest 'a write shows at the next look' => sub {
    for my $name ('Second name', 'Third name') {
        $learner->post_form("$path/change", { name => $name, description => '', visibility => 'public' });
        like $story->get($collection)->{content}, qr/<h1[^>]*>$name</, $name;
        is $story->json("$collection.json")->{name}, $name, 'in JSON too';
    }
    $learner->post_form("/backpack/badge/$badge->{id}/visibility", { visibility => 'private' });
    is $story->get($single)->{status}, 404, 'a badge that became private is gone at once';
};

subtest 'a badge whose time is over says so from that moment on' => sub {
    require POSIX;
    my $soon = POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime(time + 1800));
    my ($id) = map { $_->{id} } $story->import_all($ann, $issuer->badge('brief', to => $ann, name => 'Brief', assertion => { expires => $soon }));
    $learner->get('/backpack');
    $learner->post_form("/backpack/badge/$id/visibility", { visibility => 'public' });
    my ($page) = $learner->get("/backpack/badge/$id")->decoded_content =~ m{value="\S*(/share/badge/[\w-]+)"};
    like $learner->get("/backpack/badge/$id")->decoded_content, qr/verdict-valid/, 'valid now';
    $stack->clock(1900);
    like $story->get($page)->{content}, qr/verdict-expired/, 'expired then';
    is $story->json("$page.json")->{status}, 'expired', 'in JSON too';
    like $learner->get('/backpack')->decoded_content, qr/pill-expired.*Brief|Brief.*?pill-expired/s, 'and in the backpack';
    $stack->clock(0);
};

done_testing;
