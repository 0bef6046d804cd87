#!/usr/bin/perl
# docs/openapi.json against the running server: what it promises is what is answered, and nothing public goes unsaid.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use OBI::Connect;
use OBI::Schema;
use OBI::Story;
use OBI::Test;
use OBI::Test::Provider;

my $provider = OBI::Test::Provider->new('idp.example');
system("$OBI::Test::TOP/build/dev/obi", 'key', "$provider->{dir}/ours.key") == 0 or die 'no key';
chmod 0644, "$provider->{dir}/ours.key";
$provider->support('idp.example');
my $stack = OBI::Test->private(conf => $provider->conf
    . "fetch.allow_net = 127.0.0.1/32 public\nbrowserid.dialog = https://dialog.example\nbrowserid.key = $provider->{dir}/ours.key\nbrowserid.domain = ours.example\n");
my $story = OBI::Story->new($stack, 'openapi');
my $schema = OBI::Schema->new("$OBI::Test::TOP/docs/openapi.json");
my $paths = $schema->doc->{paths};

my $email = $story->address('ada');
my @badges = $story->import_all($email, $story->issuer->badge('one', to => $email, plain => 1),
    $story->issuer->badge_05('two', to => $email), $story->issuer->badge_10('three', to => $email),
    $story->issuer->badge('four', to => $email, svg => 1));
my $group = $story->collection($email, 'Shown', 1, map { $_->{id} } @badges);
my $user = $story->user_id($email);
my ($png) = $story->json("/displayer/$user/group/$group.json")->{badges}[0]{imageUrl} =~ m{([0-9a-f]{64})};
my ($svg) = $story->json("/displayer/$user/group/$group.json")->{badges}[3]{imageUrl} =~ m{([0-9a-f]{64})};
my $share = $stack->sql("SELECT path FROM obi.collection WHERE id = $group")->[0][0];
$story->browser($email)->get("/backpack/badge/$badges[1]{id}");
$story->browser($email)->post_form("/backpack/badge/$badges[1]{id}/visibility", { visibility => 'public', confirmed => 1 });
my $share_badge = $stack->sql("SELECT path FROM obi.badge_path WHERE badge_id = $badges[1]{id}")->[0][0];

my $form = 'application/x-www-form-urlencoded';
my %json = (headers => { Accept => 'application/json' });
sub form { return (content => $story->http->www_form_urlencode({ @_ }), type => $form) }

my $site = OBI::Connect->new($stack, callback => $stack->demo . '/back');
my $got = $site->connect($story->browser($email));
my %bearer = (headers => { Authorization => "Bearer $got->{access_token}" });
my $pushed = $story->issuer->badge('pushed', to => $email);
# What a page of ours would send: the learner's cookie and the token of their forms.
my $signed_in = sub {
    my ($learner) = @_;
    my $request = HTTP::Request->new(GET => $stack->base . '/settings');
    $learner->get('/settings');
    $learner->agent->cookie_jar->add_cookie_header($request);
    return { Cookie => $request->header('Cookie'), 'X-CSRF-Token' => $learner->csrf };
}->($story->browser($email));
my $fresh = $story->issuer->badge('fresh', to => $email);
my $foreign = $story->issuer->badge('foreign', to => 'nobody@example.net');
sub escaped { return $story->http->www_form_urlencode({ @_ }) }

# For each path: what is asked, and the status that must come.
my %asked = (
    '/displayer/convert/email' => [
        { status => 200 },
        { method => 'post', form(email => $email), status => 200 },
        { method => 'post', content => qq({"email":"$email"}), type => 'application/json', status => 200 },
        { method => 'post', form(mail => 1), status => 400 },
        { method => 'post', form(email => 'nobody@example.net'), status => 404 },
        { method => 'post', content => '<a/>', type => 'text/xml', status => 415 },
        { method => 'post', form(email => 'x' x 200_000), status => 413 },
    ],
    (map { $_ => [
        { user => $user, status => 200 },
        { user => $user, query => 'callback=f', status => 200 },
        { user => 1, query => 'callback=f', status => 200 },
        { user => 1, status => 404 },
        { user => $user, query => 'callback=1', status => 400 },
    ] } '/displayer/{user}/groups', '/displayer/{user}/groups.json'),
    (map { $_ => [
        { user => $user, group => $group, status => 200 },
        { user => $user, group => $group, query => 'callback=f', status => 200 },
        { user => $user, group => 1, status => 404 },
        { user => $user, group => $group, query => 'callback=1', status => 400 },
    ] } '/displayer/{user}/group/{group}', '/displayer/{user}/group/{group}.json'),
    '/images/badge/{hash}.{extension}' => [
        { hash => $png, extension => 'png', status => 200 },
        { hash => $svg, extension => 'svg', status => 200 },
        { hash => $png, extension => 'png', headers => { 'If-None-Match' => '*' }, status => 304 },
        { hash => '0' x 64, extension => 'png', status => 404 },
    ],
    '/share/collection/{path}.json' => [ { path => $share, status => 200 }, { path => 'nothing-is-here', status => 404 } ],
    '/oembed' => [
        (map { { query => $story->http->www_form_urlencode({ url => $stack->base . $_->[0], format => $_->[1] }), status => 200 } }
            [ "/share/badge/$share_badge", 'json' ], [ "/share/collection/$share", 'json' ], [ "/share/badge/$share_badge", 'xml' ]),
        { status => 400 },
        { query => 'url=nonsense', status => 404 },
        { query => 'url=x&format=yaml', status => 501 },
    ],
    (map { $_ => [
        { kind => 'badge', path => $share_badge, status => 200 },
        { kind => 'collection', path => $share, status => 200 },
        { kind => 'badge', path => $share_badge, headers => { 'If-None-Match' => '*' }, status => 304 },
        { kind => 'badge', path => $share_badge, query => 'maxwidth=x', status => 400 },
        { kind => 'badge', path => 'nothing-is-here', status => 404 },
    ] } '/oembed/{kind}/{path}.json', '/oembed/{kind}/{path}.xml'),
    '/share/badge/{path}.json' => [ { path => $share_badge, status => 200 }, { path => 'nothing-is-here', status => 404 } ],
    '/baker' => [
        { status => 200 },
        { query => $story->http->www_form_urlencode({ assertion => $story->issuer->url('one.json') }), status => 200 },
        { query => $story->http->www_form_urlencode({ assertion => $story->issuer->url('four.json') }), status => 200 },
        { query => 'assertion=nonsense', status => 400 },
        { query => $story->http->www_form_urlencode({ assertion => $story->issuer->url('none.json') }), status => 400 },
    ],
    '/verify' => [
        { status => 200 },
        { status => 400, headers => { Accept => 'application/json' } },
        (map { { query => $story->http->www_form_urlencode({ url => $_ }), status => 200 } } 'nonsense', $story->issuer->url('one.json'),
            $story->issuer->url('two.json'), $story->issuer->url('none.json')),
        { method => 'post', form(data => $story->issuer->url('four.json'), recipient => $email), status => 200 },
        { method => 'post', form(data => 'x'), headers => { Accept => 'text/html' }, status => 200 },
        { method => 'post', content => '{"data":{},"profile":{"email":["a@example.org"]}}', type => 'application/json', status => 200 },
        { method => 'post', form(profile => '{}'), status => 400 },
        { method => 'post', form(data => 'x' x 4_200_000), status => 413 },
        { method => 'post', content => '<a/>', type => 'text/xml', status => 415 },
    ],
    '/access' => [
        { query => 'callback=https%3A%2F%2Fsite.example%2F&scope=issue', status => 200 },
        { query => 'callback=nonsense&scope=issue', status => 400 },
    ],
    '/api/identity' => [ { %bearer, status => 200 }, { status => 401 } ],
    '/api/issue' => [
        (map { { method => 'post', %bearer, form(badge => $pushed), status => $_ } } 201, 409),
        (map { { method => 'post', %bearer, form(badge => $_), status => 400 } } 'nonsense', $story->issuer->url('none.json'), ''),
        { method => 'post', %bearer, content => '[]', type => 'application/json', status => 400 },
        { method => 'post', form(badge => $pushed), status => 401 },
        { method => 'post', %bearer, form(badge => $story->issuer->badge('theirs', to => 'nobody@example.net')), status => 403 },
        { method => 'post', %bearer, form(badge => 'x' x 200_000), status => 413 },
        { method => 'post', %bearer, content => '<a/>', type => 'text/xml', status => 415 },
    ],
    '/api/token' => [
        { method => 'post', form(grant_type => 'nothing'), status => 400 },
        { method => 'post', form(grant_type => 'refresh_token', refresh_token => $got->{refresh_token}), headers => { Origin => 'https://other.example' }, status => 401 },
        { method => 'post', form(grant_type => 'x' x 20_000), status => 413 },
        { method => 'post', content => '<a/>', type => 'text/xml', status => 415 },
        { method => 'post', form(grant_type => 'refresh_token', refresh_token => $got->{refresh_token}), status => 200 },
    ],
    '/issuer/assertion' => [
        { query => escaped(assertion => $fresh), headers => $signed_in, status => 200 },
        { query => escaped(badge => $foreign), headers => $signed_in, status => 200 },
        { query => 'assertion=nonsense', headers => $signed_in, status => 400 },
        { query => escaped(assertion => $story->issuer->url('none.json')), headers => $signed_in, status => 400 },
        { query => escaped(assertion => $fresh), status => 403 },
        { method => 'post', form(assertion => $fresh), headers => $signed_in, status => 201 },
        { method => 'post', content => qq({"badge":"$fresh"}), type => 'application/json', headers => $signed_in, status => 409 },
        { method => 'post', headers => $signed_in, form(a => 1), status => 400 },
        { method => 'post', form(assertion => $foreign), headers => $signed_in, status => 403 },
        { method => 'post', form(assertion => $fresh), headers => { Cookie => $signed_in->{Cookie} }, status => 403 },
        { method => 'post', form(assertion => 'x' x 200_000), headers => $signed_in, status => 413 },
        { method => 'post', content => '<a/>', type => 'text/xml', headers => $signed_in, status => 415 },
    ],
    '/issuer/frameless' => [
        { query => escaped(assertions => $fresh), status => 303 },
        { status => 400 },
        { query => join('&', map { "assertions=http://a.example/$_" } 1 .. 21), status => 413 },
        { method => 'post', form(assertions => $fresh, returnTo => $stack->demo), headers => { Origin => $stack->demo }, status => 303 },
        { method => 'post', form(assertions => 'nonsense'), status => 400 },
        { method => 'post', form(assertions => 'http://a.example/' . 'x' x 70_000), status => 413 },
        { method => 'post', content => '<a/>', type => 'text/xml', status => 415 },
    ],
    '/claim' => [
        { query => escaped(assertion => $fresh), status => 303 },
        { query => 'assertion=nonsense', status => 400 },
        { query => join('&', map { "assertion=http://a.example/$_" } 1 .. 21), status => 413 },
    ],
    '/backpack/authenticate' => [
        { method => 'post', form(assertion => $provider->assertion(audience => $stack->base, email => 'ann@idp.example')), %json, status => 200 },
        { method => 'post', form(assertion => 'nonsense'), headers => { Accept => 'text/html' }, status => 303 },
        (map { { method => 'post', form(%$_), %json, status => 400 } } { assertion => 'nonsense' }, { a => 1 }),
        { method => 'post', content => '[]', type => 'application/json', %json, status => 400 },
        { method => 'post', form(assertion => 'x'), headers => { Origin => 'https://other.example' }, status => 403 },
        { method => 'post', form(assertion => 'x' x 40_000), status => 413 },
        { method => 'post', content => '<a/>', type => 'text/xml', status => 415 },
    ],
    '/.well-known/browserid' => [ { status => 200 }, { query => 'domain=ours.example', status => 200 }, { query => 'domain=idp.example', status => 404 },
        { query => 'domain=%00', status => 400 } ],
    '/healthz' => [ { status => 200 } ],
);
# An account that became part of this one.
my $merged = 12345;
$stack->sql("REPLACE INTO obi.user_alias (id, user_id) VALUES ($merged, $user)");
push @{ $asked{$_} }, { user => $merged, group => $group, headers => { Accept => 'application/json' }, status => 301 }
    for grep { m{^/displayer/\{user\}/} } keys %asked;
push @{ $asked{'/displayer/{user}/groups'} }, { user => $user, headers => { Accept => 'text/html' }, status => 400 };
push @{ $asked{'/displayer/{user}/group/{group}'} }, { user => $user, group => $group, headers => { Accept => 'text/html' }, status => 400 };
# What only comes when something is broken or too much; t/http/cache.t and t/http/limits.t see to these.
my %unasked = map { $_ => 1 } qw(429 503);

# One question and everything the file says about its answer.
sub ask {
    my ($path, $q) = @_;
    my $method = $q->{method} // 'get';
    (my $url = $path) =~ s/\{(\w+)\}/$q->{$1} \/\/ die "no $1 for $path"/ge;
    $url .= "?$q->{query}" if $q->{query};
    my $answer = $story->http->request(uc $method, $stack->base . $url, {
        headers => { %{ $q->{headers} // {} }, $q->{type} ? ('Content-Type' => $q->{type}) : () },
        defined $q->{content} ? (content => $q->{content}) : () });
    my $what = uc($method) . " $path" . ($q->{query} ? '?' . substr $q->{query}, 0, 40 : '') . " $q->{status}";
    is($answer->{status}, $q->{status}, $what) or return diag substr $answer->{content}, 0, 300;
    my $response = $schema->resolve($paths->{$path}{$method}{responses}{ $answer->{status} });
    ok($response, 'a status that the file names') or return;
    my $content = $response->{content} or return;
    my ($type) = ($answer->{headers}{'content-type'} // '') =~ /^([^;]+)/;
    ok($content->{ $type // '' }, 'a type that the file names') or return diag $type;
    return if $type ne 'application/json';
    my @faults = $schema->faults($content->{$type}{schema}, $story->decode($answer));
    is_deeply(\@faults, [], 'a body as the file says') or diag substr $answer->{content}, 0, 1000;
}

is_deeply([ sort keys %asked ], [ sort keys %$paths ], 'every path of the file is asked, and no other');
for my $path (sort keys %$paths) {
    subtest $path => sub {
        my %seen;
        for my $q (@{ $asked{$path} }) {
            ask($path, $q);
            $seen{ ($q->{method} // 'get') . " $q->{status}" } = 1;
        }
        for my $method (grep { $_ ne 'parameters' } sort keys %{ $paths->{$path} }) {
            for my $status (grep { !$unasked{$_} } sort keys %{ $paths->{$path}{$method}{responses} }) {
                ok($seen{"$method $status"}, "$method $status was seen");
            }
        }
    };
}

subtest 'no public address is left out of the file' => sub {
    open my $in, '<', "$OBI::Test::TOP/src/app/routes.c" or die $!;
    my $routes = do { local $/; <$in> };
    my %described = map { (my $p = $_) =~ s/\{\w+\}/:/g; $p => 1 } keys %$paths;
    my $count = 0;
    while ($routes =~ /\{\s*HTTP_(?:GET|POST)[^"]*"([^"]+)"(.*?)\}\s*,/gs) {
        my ($path, $row) = ($1, $2);
        next unless $row =~ /\b(?:READ|FETCH_ANON)\b/ && $row =~ /=\s*(?:JSON|IMAGE|ANY)\b/;
        $count++;
        (my $plain = $path) =~ s/:\w+/:/g;
        $plain =~ s{^/images/badge/:$}{/images/badge/:.:};
        ok($described{$plain}, $path);
    }
    cmp_ok($count, '>', 5, 'rows were looked at');
};

done_testing;
