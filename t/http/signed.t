#!/usr/bin/perl
# The way of a signed badge, which no server hosts: checked by anybody, into a backpack, shown, and out again.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP;
use MIME::Base64 qw(decode_base64url);
use Test::More;
use OBI::Story;
use OBI::Test;

my $stack   = OBI::Test->stack;
my $story   = OBI::Story->new($stack, 'signed');
my $email   = $story->address('ada');
my $picture = $stack->badges_for($email)->{'code-breaker'}{picture};
my (undef, $jws) = $stack->obi('unbake', $picture);
my $json    = JSON::PP->new->utf8;
chomp $jws;

my ($payload) = map { $json->decode(decode_base64url($_)) } (split /\./, $jws)[1];
is $payload->{verification}{type}, 'SignedBadge', 'the picture holds a signature';

subtest 'anybody may have it checked' => sub {
    my $report = $json->decode($stack->browser->post('/verify', [ data => $jws, recipient => $email ], Accept => 'application/json')->content)->{report};
    is $report->{outcome}, 'valid', 'by its text';
    is $report->{validationSubject}, $payload->{id}, 'under the name that its issuer gave it';
    is_deeply [ sort map { $_->{role} } @{ $report->{documents} } ], [qw(assertion-image badge image issuer key revocation-list)], 'after its class, issuer, key and list'
        or diag explain $report->{documents};
    my ($head, $body, $signature) = split /\./, $jws;
    my $forged = join '.', $head, MIME::Base64::encode_base64url($json->encode({ %$payload, narrative => 'added' })), $signature;
    $report = $json->decode($stack->browser->post('/verify', [ data => $forged ], Accept => 'application/json')->content)->{report};
    is $report->{outcome}, 'invalid', 'what was changed since is not valid';
    is $report->{messages}[0]{key}, 'jws-signature', 'for that reason';
};

my $learner = $story->browser($email);
my $page;
subtest 'in a backpack' => sub {
    is $learner->upload($picture)->code, 200, 'it is taken';
    ($page) = $learner->get('/backpack')->decoded_content =~ m{href="(/backpack/badge/\d+)"};
    my $text = $learner->get($page)->decoded_content;
    like $text, qr/Code Breaker/, 'has a page';
    like $text, qr/This badge is verified/, 'that says it is verified';
    like $learner->upload($picture)->decoded_content, qr/already/, 'the same again is told';
    my (undef, $out) = $stack->obi('unbake', do {
        my $file = $stack->var . '/signed.png';
        open my $fh, '>:raw', $file or die $!;
        print {$fh} $learner->get("$page/picture?download")->content;
        close $fh;
        $file;
    });
    chomp $out;
    is $out, $jws, 'and leaves it with its signature';
};

subtest 'shown to others' => sub {
    my ($id) = $page =~ /(\d+)$/;
    my $group = $story->collection($email, 'Ciphers', 1, $id);
    my $doc = $story->json('/displayer/' . $story->user_id($email) . "/group/$group.json");
    is $doc->{badges}[0]{hostedUrl}, undef, 'it is hosted nowhere';
    is $doc->{badges}[0]{assertion}{verify}{type}, 'signed', 'but signed';
    is $doc->{badges}[0]{assertion}{badge}{name}, 'Code Breaker', 'with its class';
    unlike $json->encode($doc), qr/\Q$email\E/, 'and without an address';
    my $answer = $story->get($doc->{badges}[0]{imageUrl});
    is $answer->{status}, 200, 'its picture is there';
    ok index($answer->{content}, $jws) > 0, 'with the signature in it';
};

done_testing;
