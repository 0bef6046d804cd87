#!/usr/bin/perl
# The baker: pictures out of assertions, and the old errors for what is wrong with them.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::MD5 qw(md5_hex);
use JSON::PP;
use Test::More;
use OBI::Story;
use OBI::Test;

my $stack = OBI::Test->stack;
my $base = $stack->base;
my $story = OBI::Story->new($stack, 'baker');
my $http = $story->http;
my $to = $story->address('ada');
my $issuer = $story->issuer;

sub bake {
    my ($url) = @_;
    my $answer = $http->get("$base/baker?" . $http->www_form_urlencode({ assertion => $url }));
    # The limit for anonymous fetches is nginx's; this test asks faster than a person would.
    for (1 .. 20) {
        last if $answer->{status} != 429;
        select undef, undef, undef, 0.5;
        $answer = $http->get("$base/baker?" . $http->www_form_urlencode({ assertion => $url }));
    }
    return $answer;
}

sub refusal {
    my ($url, $what) = @_;
    my $answer = bake($url);
    is($answer->{status}, 400, "$what: refused");
    like($answer->{headers}{'content-type'}, qr{^application/json}, 'with JSON');
    ok(!exists $answer->{headers}{'set-cookie'}, 'no cookie');
    my $doc = eval { JSON::PP::decode_json($answer->{content}) } // {};
    ok(length($doc->{message} // ''), 'that says why') or diag $answer->{content};
    ok(!exists $doc->{stack}, 'without a stack');
    return $doc;
}

subtest 'the form' => sub {
    for my $path ('/baker', '/baker?assertion=', '/baker?other=1') {
        my $answer = $http->get("$base$path");
        is($answer->{status}, 200, $path);
        like($answer->{headers}{'content-type'}, qr{^text/html}, 'is a page');
        like($answer->{content}, qr/name="assertion"/, 'with a form');
    }
};

subtest 'good assertions of each version come back baked' => sub {
    my %urls = (
        '2.0' => $issuer->badge('good20', to => $to),
        '1.0' => $issuer->badge_10('good10', to => $to),
        '0.5' => $issuer->badge_05('good05', to => $to),
        'expired' => $issuer->badge('expired', to => $to, assertion => { expires => '2026-02-01T00:00:00Z' }),
    );
    for my $version (sort keys %urls) {
        my $answer = bake($urls{$version});
        is($answer->{status}, 200, $version) or diag $answer->{content};
        is($answer->{headers}{'content-type'}, 'image/png', 'a PNG');
        is($answer->{headers}{'content-disposition'}, 'attachment; filename="' . md5_hex($answer->{content}) . '.png"', 'a download');
        is(() = $answer->{content} =~ /openbadges\0/g, 1, 'with one badge in it');
        ok(!exists $answer->{headers}{'set-cookie'}, 'no cookie');
        my $file = $stack->var . "/baked-$$-$version.png";
        open my $out, '>:raw', $file or die $!;
        print {$out} $answer->{content};
        close $out;
        my ($code, $said) = $stack->obi('verify', $file);
        is($code, 0, 'which verifies') or diag $said if $version ne 'expired';
    }
    my $answer = bake($issuer->badge('drawn', to => $to, svg => 1));
    is($answer->{status}, 200, 'SVG') or diag $answer->{content};
    like($answer->{headers}{'content-type'}, qr{^image/svg\+xml}, 'an SVG');
    like($answer->{headers}{'content-disposition'}, qr/^attachment; filename="[0-9a-f]{32}\.svg"$/, 'a download');
    like($answer->{headers}{'content-security-policy'}, qr/sandbox/, 'that runs nothing');
    like($answer->{content}, qr/<openbadges:assertion[^>]+verify=/, 'with the badge in it');
};

subtest 'what is no address' => sub {
    for my $url ('nonsense', 'ftp://issuer.example/a', 'javascript:alert(1)', 'file:///etc/passwd', '//issuer.example/a', 'http://',
        'http://user:pass@issuer.example/', "http://issuer.example/\nx", '{"uid":1}', 'a' x 5000) {
        my $answer = bake($url);
        next if $answer->{status} == 414;
        is($answer->{status}, 400, substr $url, 0, 40);
        is_deeply(JSON::PP::decode_json($answer->{content}), { message => 'must provide a valid assertion url' }, 'in the old words');
    }
};

subtest 'documents that are not there' => sub {
    my $missing = $issuer->url('nowhere.json');
    my $doc = refusal($missing, 'no assertion');
    is($doc->{code}, 'http-status', 'its code');
    is($doc->{extra}, 404, 'its status');
    is($doc->{url}, $missing, 'its address');
    $doc = refusal($issuer->badge('noclass', to => $to, assertion => { badge => $missing }), 'no badge class');
    is($doc->{code}, 'http-status', 'its code');
    is_deeply([ @$doc{qw(field url expected received name)} ], [ 'badge', $missing, 200, 404, 'ResourceError' ], 'which one and why');
    $doc = refusal($issuer->badge('noissuer', to => $to, class => { issuer => $missing }), 'no issuer');
    is_deeply([ @$doc{qw(code field received)} ], [ 'http-status', 'issuer', 404 ], 'which one and why');
    $doc = refusal($issuer->badge('nopicture', to => $to, class => { image => $missing }), 'no picture');
    is($doc->{code}, 'resources', 'its code');
    is($doc->{extra}{'badge.image'}{code}, 'http-status', 'its status is what is wrong');
    is($doc->{extra}{'badge.image'}{received}, 404, 'and which');
};

subtest 'documents that are something else' => sub {
    my $doc = refusal($issuer->put('broken.json', '{"uid":'), 'JSON that breaks off');
    is($doc->{code}, 'parse', 'its code');
    $doc = refusal($issuer->badge('badclass', to => $to, assertion => { badge => $issuer->put('text.json', 'hello') }), 'a class that is no JSON');
    is_deeply([ @$doc{qw(code field)} ], [qw(parse badge)], 'which one');
    $doc = refusal($issuer->badge('badpicture', to => $to, picture => 'GIF89a'), 'a picture that is none');
    is($doc->{code}, 'resources', 'its code');
    is($doc->{extra}{'badge.image'}{code}, 'content-type', 'what is wrong with it');
    refusal($issuer->put('empty.json', {}), 'an empty object');
    refusal($issuer->put('list.json', []), 'a list');
};

subtest 'assertions with something wrong in them' => sub {
    my $doc = refusal($issuer->badge('nodate', to => $to, assertion => { issuedOn => 'yesterday' }), 'a date that is none');
    is($doc->{code}, 'structure', 'its code');
    is($doc->{message}, 'invalid assertion structure', 'in the old words');
    ok(exists $doc->{extra}{assertion}{issuedOn}, 'and which') or diag explain $doc;
    $doc = refusal($issuer->badge('noname', to => $to, class => { name => JSON::PP::null }), 'a class without a name');
    is($doc->{code}, 'structure', 'its code');
    ok(exists $doc->{extra}{badge}{name}, 'and which') or diag explain $doc;
    $doc = refusal($issuer->badge('revoked', to => $to, assertion => { revoked => JSON::PP::true, revocationReason => 'A mistake.' }), 'revoked');
    is($doc->{code}, 'verify-revoked', 'its code');
    like($doc->{message}, qr/A mistake\./, 'and why');
    $doc = refusal($issuer->badge('foreign', to => $to,
        profile => { id => 'https://elsewhere.example/issuer', url => 'https://elsewhere.example/' }), 'another\'s issuer');
    isnt($doc->{code}, undef, 'has a code');
};

subtest 'closed networks and hostile texts' => sub {
    for my $url ('http://127.0.0.1:22/', 'http://10.0.0.1/', 'http://169.254.169.254/latest/meta-data/', 'http://[::1]/', 'http://[::ffff:127.0.0.1]/',
        'http://0/', 'http://2130706433/', "$base/healthz") {
        my $doc = refusal($url, $url);
        is($doc->{code}, 'http-unreachable', 'as if nothing were there');
    }
    my $answer = bake($issuer->badge('html', to => $to, assertion => { issuedOn => '</script><script>alert(1)</script>' }));
    like($answer->{headers}{'content-type'}, qr{^application/json}, 'HTML in an answer is in JSON');
    is($answer->{headers}{'x-content-type-options'}, 'nosniff', 'and stays there');
};

subtest 'methods' => sub {
    # As another client: what came before has taken most of what one client may ask for at once.
    my $other = HTTP::Tiny->new(local_address => '127.0.0.77');
    is($other->request('POST', "$base/baker")->{status}, 405, 'POST is refused');
};

done_testing;
