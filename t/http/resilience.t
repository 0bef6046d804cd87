#!/usr/bin/perl
# Any part may be killed and brought back, and needs no hand: nothing is restarted here but what was killed.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(sleep time);
use IO::Socket::UNIX;
use OBI::Test;

my $stack = OBI::Test->private;
$stack->expect_log('"level":"error"', '\[(?:error|crit)\]'); # what is down is said; reports of sanitizers still count
my $email   = 'ann@example.org';
my $learner = $stack->browser->sign_in($email);
my $visitor = $stack->browser;
my $badges  = $stack->badges_for($email);

sub made { # a collection of that name; its number
    my ($name) = @_;
    my $reply = $learner->post_form('/collections', { name => $name });
    return $reply->code == 303 && ($reply->header('Location') // '') =~ m{/collections/(\d+)} ? $1 : undef;
}
is $learner->upload($badges->{'first-flight'}{picture})->code, 200, 'a badge';
my ($badge) = $learner->get('/backpack')->decoded_content =~ m{/backpack/badge/(\d+)};
my $group = made('Shown') // BAIL_OUT('no collection');
$learner->post_form("/collections/$group/badges", { badge => $badge, do => 'put' });
$learner->post_form("/collections/$group/change", { name => 'Shown', description => '', path => 'shown', visibility => 'public' });
my $user = JSON::PP::decode_json($visitor->post('/displayer/convert/email', [ email => $email ])->content)->{userId};
my @public = ("/displayer/$user/groups.json", "/displayer/$user/group/$group.json", '/share/collection/shown');

sub reads_ok {
    my ($when) = @_;
    my @slow;
    for my $path (@public) {
        my $begun = time;
        is $visitor->get($path)->code, 200, "$when: $path";
        push @slow, $path if time - $begun > 3;
    }
    is "@slow", '', "$when: none took 3 s";
}
# A write is acknowledged, and the page that follows shows it.
sub writes_ok {
    my ($when) = @_;
    my $name = "Made $when";
    my $reply = $learner->post_form('/collections', { name => $name });
    is $reply->code, 303, "$when: a write" or diag substr $reply->decoded_content, 0, 300;
    like $learner->get('/collections')->decoded_content, qr/\Q$name\E/, "$when: it is shown at once";
}
sub writes_come_back {
    my ($when, $within_s) = @_;
    ok $stack->wait_until($within_s, sub { defined made("$when, tried") }), "$when: writes work again";
    writes_ok($when);
}
sub position { return $stack->sql('SELECT MAX(id) FROM obi.collection', $_[0])->[0][0] }
sub replica_catches_up {
    my ($when) = @_;
    ok $stack->wait_until(20, sub { eval { position('replica') eq position('primary') } }), "$when: the replica has it all";
}

reads_ok('at first');
writes_ok('at first');

subtest 'a worker of any pool' => sub {
    for my $pool (qw(read app fetch fetch-anon signin)) {
        my @before = $stack->workers($pool);
        for my $worker (@before) {
            kill KILL => $worker;
            is $visitor->get($public[0])->code, 200, "$pool: a read while one is gone";
            is $learner->get('/backpack')->code, 200, "$pool: a page while one is gone";
        }
        my %gone = map { $_ => 1 } @before;
        ok $stack->wait_until(10, sub {
            my @now = grep { !$gone{$_} } $stack->workers($pool);
            @now == @before;
        }), "$pool: as many new ones run";
    }
    is $learner->upload($badges->{'team-player'}{picture})->code, 200, 'an upload after it';
    writes_ok('after the workers');
};

subtest 'the jobs' => sub {
    kill KILL => $stack->workers('jobs');
    ok $stack->wait_until(10, sub { scalar $stack->workers('jobs') }), 'are started again';
    my $other = $stack->browser;
    ok $other->sign_in_link('bob@example.org'), 'and mails go out';
};

subtest 'memcached' => sub {
    $stack->kill('memcached');
    reads_ok('without memcached');
    writes_ok('without memcached');
    $stack->start('memcached');
    reads_ok('with memcached again');
    writes_ok('with memcached again');
    ok $stack->wait_until(15, sub { $visitor->get($public[0]); cached_items() > 0 }), 'and it holds documents again';
    $stack->pause('memcached');
    reads_ok('while memcached hangs');
    $stack->continue('memcached');
    writes_ok('after memcached hung');
};
sub cached_items {
    my $socket = IO::Socket::UNIX->new(Peer => $stack->var . '/run/memcached.sock') or return 0;
    print {$socket} "stats\r\nquit\r\n";
    my ($items) = join('', <$socket>) =~ /STAT curr_items (\d+)/;
    return $items // 0;
}

subtest 'the replica' => sub {
    $stack->kill('replica');
    reads_ok('without the replica');
    writes_ok('without the replica');
    $stack->start('replica');
    reads_ok('with the replica again');
    writes_ok('with the replica again');
    replica_catches_up('with the replica again');
    $stack->pause('replica');
    my $begun = time;
    is $visitor->get($_)->code, 200, "while the replica hangs: $_" for @public;
    cmp_ok time - $begun, '<', 20, 'within the time that a server may take';
    $stack->continue('replica');
    reads_ok('after the replica hung');
};

subtest 'the primary' => sub {
    $stack->kill('primary');
    reads_ok('without the primary');
    is $learner->get('/backpack')->code, 200, 'who is signed in sees the backpack';
    for my $form ([ '/collections', { name => 'Lost' } ], [ '/signin', { email => 'new@example.org' } ]) {
        my $reply = $learner->post_form(@$form);
        is $reply->code, 503, "a write to $form->[0] answers 503";
        ok $reply->header('Retry-After'), 'with Retry-After';
    }
    is $learner->upload($badges->{'map-reader'}{picture})->code, 503, 'so does an upload';
    # A worker that saw the replica hang a moment ago asks it again within seconds.
    ok $stack->wait_until(10, sub { $visitor->get('/healthz')->code == 200 }), 'a load balancer keeps us';
    $stack->start('primary');
    writes_come_back('with the primary again', 10);
    reads_ok('with the primary again');
    replica_catches_up('with the primary again');
    unlike $learner->get('/collections')->decoded_content, qr/Lost/, 'what was refused was not stored';
};

subtest 'both databases, and all at once' => sub {
    $stack->kill(qw(primary replica memcached));
    my $reply = $visitor->get($public[1]);
    is $reply->code, 503, 'reads answer 503';
    ok $reply->header('Retry-After'), 'with Retry-After';
    is $reply->content_type, 'application/json', 'in JSON';
    isnt $visitor->get('/healthz')->code, 200, 'and a load balancer is told';
    $stack->start(qw(primary replica memcached));
    writes_come_back('after all', 10);
    reads_ok('after all');
};

done_testing;
