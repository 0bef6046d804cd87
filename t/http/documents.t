#!/usr/bin/perl
# Public documents come from nginx out of memcached, and are what a worker would have sent, header by header. With
# the read pool paused nothing else could have answered; an escape in the query is for a worker.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Compress::Zlib;
use Test::More;
use OBI::Story;
use OBI::Test;

my $stack = OBI::Test->private;
my $story = OBI::Story->new($stack, 'documents');
my $email = $story->address('ada');
my @badges = $story->import_all($email, $story->issuer->badge('png', to => $email),
    $story->issuer->badge('svg', to => $email, svg => 1, picture => OBI::Issuer::svg('<circle r="8"/>')),
    $story->issuer->badge('kept', to => $email));
my $group = $story->collection($email, 'Shown', 1, map { $_->{id} } @badges[0, 1]);
my $secret = $story->collection($email, 'Kept', 0, $badges[2]{id});
my $user = $story->user_id($email);
my $browser = $story->browser($email);
$browser->post_form("/backpack/badge/$badges[0]{id}/visibility", { visibility => 'public', confirmed => 1 });
sub value { return $stack->sql($_[0])->[0][0] }
my $share = '/share/collection/' . value("SELECT path FROM obi.collection WHERE id = $group");
my $hidden = '/share/collection/' . value("SELECT path FROM obi.collection WHERE id = $secret");
my $single = '/share/badge/' . value("SELECT path FROM obi.badge_path WHERE badge_id = $badges[0]{id}");
my @pictures = map { $_->{imageUrl} =~ m{(/images/.*)} } @{ $story->json("/displayer/$user/group/$group.json")->{badges} };
my $kept_picture = '/images/badge/' . value("SELECT LOWER(HEX(picture_hash)) FROM obi.badge WHERE id = $badges[2]{id}") . '.png';

my @there = ("/displayer/$user/groups.json", "/displayer/$user/groups", "/displayer/$user/group/$group.json",
    "/displayer/$user/group/$group", $share, "$share.json", $single, "$single.json", @pictures,
    map { (s/share/embed/r, s/share/oembed/r . '.json', s/share/oembed/r . '.xml') } $share, $single);
my @missing = ('/displayer/4711/groups.json', "/displayer/$user/group/4711.json", "/displayer/$user/group/$secret.json",
    '/share/collection/nobody-has-this', '/share/collection/nobody-has-this.json', $hidden, '/share/badge/nobody-has-this.json',
    '/embed/collection/nobody-has-this', $hidden =~ s/share/embed/r, '/oembed/badge/nobody-has-this.json', '/oembed/picture/x.json',
    $hidden =~ s/share/oembed/r . '.xml', $kept_picture, '/images/badge/' . ('f' x 64) . '.png');

# What an answer says: all but the moment, and how nginx came by it.
sub said {
    my ($answer) = @_;
    my %headers = %{ $answer->{headers} };
    delete @headers{qw(date connection transfer-encoding)};
    my $content = $answer->{content} // '';
    if (($headers{'content-encoding'} // '') eq 'gzip') {
        $content = Compress::Zlib::memGunzip($content);
        delete $headers{'content-length'};
    }
    return { status => $answer->{status}, headers => \%headers, content => $content };
}
sub with_no_worker {
    my ($do) = @_;
    $stack->pause('read');
    my @got = eval { $do->() };
    my $failed = $@;
    $stack->continue('read');
    die $failed if $failed;
    return @got;
}
sub ask {
    my ($method, $path, %headers) = @_;
    my $address = sprintf '127.77.%d.1', $$ % 250;
    return HTTP::Tiny->new(timeout => 5, max_redirect => 0, local_address => $address)
        ->request($method, $stack->base . $path, { headers => \%headers });
}
sub forget { is(($stack->obi('cache', 'empty'))[0], 0, 'memcached forgets') }

subtest 'what a worker sent first, nginx sends again' => sub {
    forget();
    my %first = map { $_ => said(ask(GET => $_)) } @there, @missing;
    is($first{$_}{status}, 200, "$_ is there") for @there;
    is($first{$_}{status}, 404, "$_ is not") for @missing;
    my %again = with_no_worker(sub { map { $_ => said(ask(GET => $_)) } @there, @missing });
    is_deeply($again{$_}, $first{$_}, "$_: the same again, without a worker") for @there, @missing;
    is(said(ask(GET => "$_?x=%20"))->{content}, $first{$_}{content}, "$_: the same again from a worker") for @there, @missing;
};

my %etag = map { $_ => ask(GET => $_)->{headers}{etag} } @there;
for my $kind (
    [ 'HEAD', sub { 'HEAD', $_[0] } ],
    [ 'If-None-Match', sub { 'GET', $_[0], 'If-None-Match' => $etag{ $_[0] } } ],
    [ 'a weak If-None-Match among others', sub { 'GET', $_[0], 'If-None-Match' => "\"x\", W/$etag{ $_[0] }" } ],
    [ 'another If-None-Match', sub { 'GET', $_[0], 'If-None-Match' => '"x"' } ],
    [ 'gzip', sub { 'GET', $_[0], 'Accept-Encoding' => 'gzip' } ],
    [ 'gzip among others', sub { 'GET', $_[0], 'Accept-Encoding' => 'br;q=1.0, GZip;q=0.8, *;q=0.1' } ],
    [ 'no gzip', sub { 'GET', $_[0], 'Accept-Encoding' => 'gzip;q=0.0, deflate' } ],
    [ 'If-None-Match and gzip', sub { 'GET', $_[0], 'Accept-Encoding' => 'gzip', 'If-None-Match' => "W/$etag{ $_[0] }" } ],
    [ 'JSON wanted', sub { 'GET', $_[0], Accept => 'application/json, text/plain, */*' } ],
    [ 'an argument for others', sub { 'GET', "$_[0]?utm_source=x&y", } ],
    [ 'a long one', sub { 'GET', "$_[0]?fbclid=" . 'IwAR0_x-' x 100 } ],
    [ 'an origin', sub { 'GET', $_[0], Origin => 'https://blog.example', Cookie => 'a=b' } ],
) {
    my ($name, $request) = @$kind;
    subtest $name => sub {
        ask($request->($_)) for @there;
        my %nginx = with_no_worker(sub { map { $_ => said(ask($request->($_))) } @there });
        for my $path (@there) {
            my ($method, $address, %headers) = $request->($path);
            my $worker = said(ask($method, $address =~ /\?/ ? "$address&z=%20" : "$address?z=%20", %headers));
            is_deeply($nginx{$path}, $worker, $path);
            my $packed = ($worker->{headers}{'content-encoding'} // '') eq 'gzip';
            is($packed ? 1 : 0, ($name =~ /^gzip/ && $path !~ /images/ && length $worker->{content} >= 200) ? 1 : 0,
                'compressed where it helps') if $name !~ /Match/;
            if ($name =~ /^(a weak )?If-None-Match/) {
                is($worker->{status}, 304, 'it is known');
                is($worker->{content}, '', 'and not sent');
            }
            is($worker->{content}, '', 'no body') if $name eq 'HEAD';
        }
    };
}

subtest 'an Accept that the path settles changes nothing' => sub {
    my ($xml, %wants) = ($share =~ s/share/oembed/r . '.xml', Accept => 'text/xml');
    forget();
    my $worker = said(ask(GET => "$xml?x=%20", %wants));
    is($worker->{status}, 200, 'XML for who takes nothing else');
    my ($nginx) = with_no_worker(sub { said(ask(GET => $xml, %wants)) });
    is_deeply($nginx, $worker, 'is kept, and comes from nginx');
};

subtest 'the access log says which were found' => sub {
    forget();
    my $seen = $stack->log_lines('nginx-access');
    ask(GET => $_) for $share, $share, $there[0], $there[0], "$share?x=%20";
    my @lines;
    $stack->wait_until(5, sub { (@lines = $stack->log_lines('nginx-access')) >= $seen + 5 });
    is_deeply([ map { $_->{cache} } @lines[ $seen .. $seen + 4 ] ], [qw(MISS HIT MISS HIT BYPASS)], 'and which were not');
};

subtest 'what nginx cannot tell goes to a worker' => sub {
    my ($json, $bare, $picture) = @there[0, 1, 8];
    ask(GET => $_) for $json, $bare, $picture;
    is(said(ask(GET => "$json?callback=f", 'Accept-Encoding' => 'gzip'))->{content}, ask(GET => "$json?callback=f")->{content},
        'a callback, compressed or not');
    my $oembed = $share =~ s/share/oembed/r . '.json';
    like(ask(GET => "$oembed?maxwidth=77")->{content}, qr/"width":77\b/, 'how much room there is');
    unlike(ask(GET => $oembed)->{content}, qr/"width":77\b/, 'for that one request');
    like(ask(GET => "$json?callback=f")->{content}, qr{f\(}, 'a callback');
    like(ask(GET => "$json?x=1&%63allback=g")->{content}, qr/g\(/, 'in whatever spelling');
    is(ask(GET => $bare, Accept => 'text/csv')->{status}, 400, 'an Accept that JSON does not satisfy');
    like(ask(GET => $bare, Accept => 'text/html, */*;q=0.1')->{content}, qr/userId/, 'one that it does');
    my $whole = ask(GET => $picture);
    my $part = ask(GET => $picture, Range => 'bytes=1-3');
    is("$part->{status} $part->{content}", '206 PNG', 'a part of a picture');
    is($part->{headers}{'content-range'}, 'bytes 1-3/' . length $whole->{content}, 'that says which');
    is(ask(GET => $picture, Range => 'bytes=99999999-')->{status}, 416, 'no part of it');
    is($whole->{headers}{'accept-ranges'}, 'bytes', 'a picture says that it can');
    my $gone = ask(GET => $kept_picture, Accept => 'text/html,image/*');
    is("$gone->{status} " . ($gone->{headers}{'content-type'} =~ /html/ ? 'page' : 'JSON'), '404 page',
        'who opens a picture that is gone reads so');
    is(ask(GET => "/displayer/$user/./groups.json")->{status}, 404, 'another spelling of an address is none');
    is(ask(GET => "//displayer/$user/groups.json")->{status}, 404, 'nor is this');
    is(ask(GET => "/displayer/$user/groups.json?" . join '&', map { "a$_=1" } 1 .. 70)->{status}, 413, 'too many arguments');
    is(ask(GET => "/displayer/$user/groups.json?" . join '&', ('a') x 64)->{status}, 200, 'as many as there may be');
    is(ask(GET => "/displayer/$user/groups.json?" . join '&', ('a') x 65)->{status}, 413, 'one more');
    is(ask(POST => $json)->{status}, 405, 'another method');
};

subtest 'pictures do not wake the database' => sub {
    forget();
    my $first = $stack->log_lines('read');
    ask(GET => $pictures[0]);
    # Its line is written behind its answer.
    ok($stack->wait_until(5, sub {
        my @lines = $stack->log_lines('read');
        return scalar grep { ($_->{route} // '') =~ /images/ } @lines[ $first .. $#lines ];
    }), 'one does');
    my $before = $stack->log_lines('read');
    ask(GET => "$pictures[0]?x=%20", Range => 'bytes=0-9') for 1 .. 10;
    my @asked;
    ok($stack->wait_until(5, sub {
        my @lines = $stack->log_lines('read');
        @asked = grep { ($_->{route} // '') =~ /images/ } @lines[ $before .. $#lines ];
        return @asked == 10;
    }), 'ten from a worker');
    is(scalar(grep { $_->{db_us} > 0 } @asked), 0, 'none asked it');
};

# What is not there is kept as exactly as what is.
subtest 'what was not there comes, and what was there goes, before the write is acknowledged' => sub {
    my $all = sub { join ' ', map { ask(GET => $_)->{status} } $hidden, "$hidden.json", $hidden =~ s/share/embed/r, "/displayer/$user/group/$secret.json", $kept_picture };
    for my $round (1 .. 3) {
        is($all->(), '404 404 404 404 404', 'private') for 1 .. 2;
        $story->show_collection($email, $secret, 'public', 'Kept');
        is($all->(), '200 200 200 200 200', 'shown at once') for 1 .. 2;
        $story->show_collection($email, $secret, 'private', 'Kept');
    }
    $browser->post_form("/backpack/badge/$badges[2]{id}/visibility", { visibility => 'public', confirmed => 1 });
    is(ask(GET => $kept_picture)->{status}, 200, 'a badge that is shown alone shows its picture');
    $browser->post_form("/backpack/badge/$badges[2]{id}/visibility", { visibility => 'private', confirmed => 1 });
    is(ask(GET => $kept_picture)->{status}, 404, 'and takes it back');
    $browser->post_form("/collections/$group/badges", [ do => 'put', badge => $badges[2]{id} ]);
    is(ask(GET => $kept_picture)->{status}, 200, 'put into a shown collection');
    $browser->post_form("/collections/$group/badges", [ do => 'drop', badge => $badges[2]{id} ]);
    is(ask(GET => $kept_picture)->{status}, 404, 'and taken out');
    $browser->post_form("/backpack/badge/$badges[1]{id}/remove", { confirmed => 1 });
    is(ask(GET => $pictures[1])->{status}, 404, 'a badge that is removed takes its picture along');
    is(ask(GET => $pictures[0])->{status}, 200, 'the others stay');
    $browser->post_form("/collections/$group/remove", { confirmed => 1 });
    is(ask(GET => $_)->{status}, 404, "$_ went with its collection") for $share, "$share.json", $share =~ s/share/embed/r, $share =~ s/share/oembed/r . '.xml', "/displayer/$user/group/$group";
    is(ask(GET => $pictures[0])->{status}, 200, 'a badge that is also shown alone stays');
    $stack->obi('user', 'remove', $email);
    is(ask(GET => $_)->{status}, 404, "$_ went with its owner") for $pictures[0], $single, "$single.json", $single =~ s/share/embed/r, "/displayer/$user/groups";
};

done_testing;
