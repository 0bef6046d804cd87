#!/usr/bin/perl
# Baked pictures: who gets them, how long, and under which policy.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use OBI::Story;
use OBI::Test;

my $stack = OBI::Test->stack;
my $story = OBI::Story->new($stack, 'images');
my $base = $stack->base;
my $http = $story->http;
my $email = $story->address('ada');
my $issuer = $story->issuer;

my $hostile = OBI::Issuer::svg('<script>alert(1)</script><circle r="8" onclick="alert(2)"/>');
my @badges = $story->import_all($email, $issuer->badge('png', to => $email),
    $issuer->badge('svg', to => $email, svg => 1, picture => $hostile), $issuer->badge('kept', to => $email),
    $issuer->badge_05('old', to => $email));
my $group = $story->collection($email, 'Shown', 1, map { $_->{id} } @badges[0, 1, 3]);
my $secret = $story->collection($email, 'Kept', 0, $badges[2]{id});

my $user = $story->user_id($email);
my @shown = @{ $story->json("/displayer/$user/group/$group.json")->{badges} };
my ($png, $svg, $old) = map { $_->{imageUrl} } @shown;

# The tool reads what a person would have downloaded.
sub verifies {
    my ($picture, $what) = @_;
    my $file = $stack->var . "/picture-$$.png";
    open my $out, '>:raw', $file or die $!;
    print {$out} $picture->{content};
    close $out;
    my ($code, $said) = $stack->obi('verify', $file);
    unlink $file;
    is($code, 0, $what) or diag $said;
}

subtest 'a picture is baked, kept for good, and open to every site' => sub {
    my $answer = $http->get($png);
    is($answer->{status}, 200, 'it is there');
    is($answer->{headers}{'content-type'}, 'image/png', 'a PNG');
    like($answer->{content}, qr/^\x89PNG\r\n\x1a\n.*iTXtopenbadges\0\0\0\0\0\{/s, 'with the assertion in it');
    like($answer->{headers}{'cache-control'}, qr/max-age=31536000/, 'for a year');
    like($answer->{headers}{'cache-control'}, qr/immutable/, 'and never asked for again by a browser');
    is($answer->{headers}{'access-control-allow-origin'}, '*', 'scripts of every origin may read it');
    is($answer->{headers}{'x-content-type-options'}, 'nosniff', 'it is what it says');
    ok(!exists $answer->{headers}{'set-cookie'}, 'no cookie');
    verifies($answer, 'the picture verifies as a badge');
};

subtest 'an old badge\'s picture verifies too' => sub {
    verifies($http->get($old), '0.5, baked on the way out');
};

subtest 'it is not sent twice' => sub {
    my $answer = $http->get($png);
    my $etag = $answer->{headers}{etag};
    like($etag, qr/^"[^"]+"$/, 'it has a strong ETag');
    for my $match ($etag, "W/$etag", "\"x\", $etag", '*') {
        my $again = $http->get($png, { headers => { 'If-None-Match' => $match } });
        is($again->{status}, 304, "If-None-Match: $match");
        is($again->{content} // '', '', 'no body');
        is($again->{headers}{etag}, $etag, 'the same tag');
    }
    is($http->get($png, { headers => { 'If-None-Match' => '"x"' } })->{status}, 200, 'another tag gets it');
    my $head = $http->head($png);
    is($head->{status}, 200, 'HEAD');
    is($head->{content} // '', '', 'has no body');
    is($head->{headers}{$_}, $answer->{headers}{$_}, "the same $_") for qw(content-type etag cache-control);
    is($http->request('POST', $png)->{status}, 405, 'POST is refused');
};

subtest 'SVG is harmless' => sub {
    my $answer = $http->get($svg);
    is($answer->{status}, 200, 'it is there');
    like($answer->{headers}{'content-type'}, qr{^image/svg\+xml}, 'an SVG');
    like($answer->{headers}{'content-security-policy'}, qr/\bsandbox\b(?!\s+allow)/, 'in a sandbox that allows nothing');
    like($answer->{headers}{'content-security-policy'}, qr/default-src 'none'/, 'that loads nothing');
    is($answer->{headers}{'x-content-type-options'}, 'nosniff', 'and is what it says');
    unlike($answer->{content}, qr/<script|onclick/i, 'without scripts in it');
    like($answer->{content}, qr/openbadges:assertion/, 'with the badge in it');
    like($http->get($svg, { headers => { 'If-None-Match' => $answer->{headers}{etag} } })->{headers}{'content-security-policy'} // '',
        qr/sandbox/, 'a 304 says so again');
};

subtest 'what is no picture is nothing' => sub {
    my ($hash) = $png =~ m{([0-9a-f]{64})};
    for my $name ("$hash.svg", "$hash.gif", $hash, uc($hash) . '.png', substr($hash, 1) . '.png', "0$hash.png", '0' x 64 . '.png',
        "$hash.png.png", "$hash.png/", 'x' x 64 . '.png', '%7a' . substr($hash, 1) . '.png', '', '..%2f..%2fetc%2fpasswd', "$hash.png%00") {
        my $answer = $http->get("$base/images/badge/$name");
        like($answer->{status}, qr/^40[04]$/, substr $name, 0, 80);
        unlike($answer->{headers}{'cache-control'} // '', qr/immutable|max-age=[1-9]/, 'and may come later');
        ok(!exists $answer->{headers}{'set-cookie'}, 'no cookie');
    }
};

subtest 'a picture is there while its badge is public, and not before or after' => sub {
    my $kept = $story->collection($email, 'Shown for a while', 1, $badges[2]{id});
    my $url = $story->json("/displayer/$user/group/$kept.json")->{badges}[0]{imageUrl};
    is($http->get($url)->{status}, 200, 'public: there');
    $story->show_collection($email, $kept, 'private');
    is($http->get($url)->{status}, 404, 'private again: gone at once');
    is($http->get($url, { headers => { 'If-None-Match' => '*' } })->{status}, 404, 'also for who had it');
    is($http->get("$base/displayer/$user/group/$kept.json")->{status}, 404, 'and the document');
    is($http->get($png)->{status}, 200, 'others stay');
};

done_testing;
