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

done_testing;
