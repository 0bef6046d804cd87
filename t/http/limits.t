#!/usr/bin/perl
# Who asks too often is told so, and nobody else is; what is too much to show is cut, and that is said.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use HTTP::Tiny;
use Test::More;
use OBI::Story;
use OBI::Test;

my $stack = OBI::Test->stack;
my $base = $stack->base;
my $story = OBI::Story->new($stack, 'limits');
sub client { return HTTP::Tiny->new(max_redirect => 0, timeout => 30, local_address => $_[0]) }

subtest 'guessing addresses' => sub {
    my ($greedy, $other) = (client('127.40.0.1'), client('127.40.0.2'));
    my %seen;
    my $last;
    for my $n (1 .. 150) {
        my $answer = $greedy->post_form("$base/displayer/convert/email", { email => "guess$n\@example.net" });
        $seen{ $answer->{status} }++;
        $last = $answer if $answer->{status} == 429;
    }
    cmp_ok($seen{404} // 0, '>=', 40, 'a class of learners is found at once');
    cmp_ok($seen{429} // 0, '>', 0, 'who goes on is told to stop') or return;
    is(scalar keys %seen, 2, 'nothing else happens') or diag explain \%seen;
    like($last->{headers}{'retry-after'} // '', qr/^\d+$/, 'and when to come again');
    like($last->{headers}{'content-type'}, qr{^application/json}, 'in JSON');
    is(ref $story->decode($last), 'HASH', 'that can be read');
    is($greedy->get("$base/displayer/1/groups.json")->{status}, 404, 'may still read');
    is($greedy->get("$base/displayer/convert/email")->{status}, 200, 'also the form');
    is($other->post_form("$base/displayer/convert/email", { email => 'x@example.net' })->{status}, 404, 'others may still ask');
};

subtest 'having things fetched' => sub {
    my ($greedy, $other) = (client('127.40.0.3'), client('127.40.0.4'));
    my %seen;
    $seen{ $greedy->get("$base/baker?assertion=nonsense")->{status} }++ for 1 .. 120;
    cmp_ok($seen{400} // 0, '>=', 30, 'some are answered');
    cmp_ok($seen{429} // 0, '>', 0, 'who goes on is told to stop');
    is($other->get("$base/baker?assertion=nonsense")->{status}, 400, 'others may still ask');
};

# An embedding site's server, or a school behind one address.
subtest 'reading what memcached has' => sub {
    my ($email, $reader) = ($story->address('read'), client('127.40.0.5'));
    my ($badge) = map { $_->{id} } $story->import_all($email, $story->issuer->badge('read', to => $email));
    my $id = $story->collection($email, 'Read', 1, $badge);
    my $url = "$base/displayer/" . $story->user_id($email) . "/group/$id.json";
    my %seen;
    $seen{ $reader->get($url)->{status} }++ for 1 .. 3000;
    is_deeply(\%seen, { 200 => 3000 }, 'is not limited');
    is($reader->get("$base/signin")->{status}, 200, 'nor does it count for anything else');
};

# With a rate that one connection is faster than.
subtest 'reading what is not there' => sub {
    my ($greedy, $other, $first) = (client('127.40.0.6'), client('127.40.0.7'), client('127.40.0.8'));
    my ($email, $n) = ($story->address('beside'), 0);
    my ($badge) = map { $_->{id} } $story->import_all($email, $story->issuer->badge('beside', to => $email));
    my $id = $story->collection($email, 'Beside', 1, $badge);
    my $there = "$base/displayer/" . $story->user_id($email) . "/group/$id.json";
    my $nginx = $stack->var . '/nginx';
    my $limits = sub {
        system("sed -i 's|zone=obi_read:1m rate=.*;|zone=obi_read:1m rate=$_[0];|' $nginx/limits.conf"
            . " && sed -i 's/zone=obi_read burst=[0-9]*/zone=obi_read burst=$_[1]/' $nginx/server.conf") == 0 or die;
        $stack->reload('nginx');
    };
    $limits->('1r/s', 50);
    $stack->wait_until(5, sub { grep { $first->get("$base/oembed")->{status} == 429 } 1 .. 80 });
    for my $kind ('displayer/%d4711/groups.json', 'share/badge/%d', 'embed/collection/%d', 'oembed/badge/%d.json', 'images/badge/%d.png') {
        my %seen;
        $seen{ $greedy->get("$base/" . sprintf $kind, $n++)->{status} }++ for 1 .. 80;
        cmp_ok $seen{429} // 0, '>', 0, "$kind: who walks through addresses is told to stop";
        is $other->get("$base/" . sprintf $kind, $n++)->{status}, 404, '... others may still ask';
        is $other->get($there)->{status}, 200, '... and see what is there';
    }
    $limits->('1000r/s', 2000);
};

subtest 'a collection whose badges say too much' => sub {
    my ($email, $all) = ($story->address('wordy'), 52);
    my $long = { narrative => 'x' x 250_000 }; # 12 MiB are shown of one
    my @badges = map { $_->{id} } $story->import_all($email,
        map { $story->issuer->badge("wordy$_", to => $email, assertion => $long) } 1 .. $all);
    is scalar @badges, $all, 'they are there';
    my $id = $story->collection($email, 'Wordy', 1, @badges);
    my $group = $story->json('/displayer/' . $story->user_id($email) . "/group/$id.json");
    my $shown = @{ $group->{badges} };
    cmp_ok $shown, '<', $all, 'not all are shown';
    cmp_ok $shown, '>', 40, 'but most';
    is $group->{badgesLeftOut}, $all - $shown, 'and the display API says how many are not';
    my $page = '/share/collection/' . $stack->sql("SELECT path FROM obi.collection WHERE id = $id")->[0][0];
    my $doc = $story->json("$page.json");
    is_deeply [ scalar @{ $doc->{badges} }, $doc->{badgesLeftOut} ], [ $shown, $all - $shown ], 'as does the JSON of the page';
    like $story->get($page)->{content}, qr/@{[$all - $shown]} more badges are in this collection/, 'and the page, in words';
    $story->collection($email, 'One', 1, $badges[0]);
    my $one = '/share/collection/' . $stack->sql("SELECT path FROM obi.collection WHERE name = 'One' ORDER BY id DESC LIMIT 1")->[0][0];
    unlike $story->get($_)->{content}, qr/LeftOut|in this collection/, 'where all are shown, none does' for $one, "$one.json";
};

done_testing;
