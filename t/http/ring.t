#!/usr/bin/perl
# Several memcached servers: each has its share of the documents, is lost with it, and comes back without what is old.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp qw(tempdir);
use IO::Socket::UNIX;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);
use OBI::Story;
use OBI::Test;

my $ttl_s = 4;
my $dir = tempdir('/tmp/obi-ring.XXXXXX', CLEANUP => 1);
chmod 0777, $dir;
my @socket = map { "$dir/$_.sock" } 0 .. 2;
my @pid = map { start($_) } 0 .. 2;
END { my $status = $?; kill 'KILL', grep { $_ } @pid; $? = $status }

sub connect_to { return IO::Socket::UNIX->new(Peer => $socket[ $_[0] ]) }
sub start {
    my ($n) = @_;
    unlink $socket[$n];
    my $pid = fork // die $!;
    exec qw(memcached -u nobody -a 0777 -m 16 -t 1 -s), $socket[$n] or POSIX::_exit(127) if $pid == 0;
    for (1 .. 200) { last if connect_to($n); sleep 0.02 }
    return $pid;
}
sub end { my ($n) = @_; kill 'KILL', $pid[$n]; waitpid $pid[$n], 0; $pid[$n] = 0 }
sub freeze { my ($n) = @_; kill 'STOP', $pid[$n]; waitpid $pid[$n], POSIX::WUNTRACED() }

my $stack = OBI::Test->private(conf => "cache.ttl = $ttl_s\n" . join '', map { "cache.server = unix:$_\n" } @socket);
my $story = OBI::Story->new($stack, 'ring');
my $email = $story->address('ada');
my ($badge) = $story->import_all($email, $story->issuer->badge('one', to => $email));
my @groups = map { $story->collection($email, 'Number 0', 1, $badge->{id}) } 1 .. 24;
my %document = map { $_->[0] => "/share/collection/$_->[1].json" } @{ $stack->sql('SELECT id, path FROM obi.collection') };
my @documents = @document{@groups};
my ($release) = do { local (@ARGV, $/) = "$OBI::Test::TOP/include/cache/cache.h"; <> =~ /CACHE_RELEASE "(\w+)"/ };
my %name = map { $_ => 'Number 0' } @groups;
$story->browser($email);

# Whether a server holds a document, which begins as an answer does.
sub holds {
    my ($n, $path) = @_;
    my $to = connect_to($n) or return 0;
    print {$to} "get d:$release:-:$path\r\n";
    my $found = 0;
    while (defined(my $line = <$to>)) {
        last if $line =~ /^END/;
        $found ||= $line =~ m{^HTTP/1\.1 200};
    }
    return $found;
}
sub empty {
    my ($n) = @_;
    my $to = connect_to($n);
    print {$to} "flush_all\r\n";
    return <$to>;
}
sub owners { my ($path) = @_; return grep { $pid[$_] && holds($_, $path) } 0 .. 2 }
sub shows_name {
    my ($group) = @_;
    return $story->get($document{$group})->{content} =~ /"\Q$name{$group}\E"/;
}
sub all_right { my ($what) = @_; is(scalar(grep { shows_name($_) } @groups), scalar @groups, "$what: every document is right") }
sub rename_to {
    my ($group, $name) = @_;
    $story->show_collection($email, $group, 'public', $name{$group} = $name);
}
# Documents that a worker had to build.
sub builds { return scalar grep { ($_->{event} // '') eq 'request' && $_->{db_us} > 0 } $stack->log_lines('read') }

$story->get($_) for (@documents) x 2;
my %owner;
subtest 'each document is on one server, and each server has some' => sub {
    ok($stack->wait_until(10, sub { $story->get($_) for @documents; !grep { owners($_) != 1 } @documents }), 'on one');
    ($owner{$_}) = owners($_) for @documents;
    for my $n (0 .. 2) {
        my $share = grep { $_ == $n } values %owner;
        cmp_ok($share, '>', 0, "server $n has $share");
    }
};
sub share_of { my ($n) = @_; return grep { $owner{ $document{$_} } == $n } @groups }

subtest 'nginx finds each by itself' => sub {
    empty($_) for 0 .. 2; # so that nothing runs out meanwhile
    $story->get($_) for @documents;
    my $before = $stack->log_lines('read');
    all_right('from memcached');
    # On a busy machine memcached may be too late for some.
    my $asked = $stack->log_lines('read') - $before;
    cmp_ok($asked, '<=', 4, "without a worker ($asked asked one)");
};

subtest 'one is killed: its share is built anew, the others serve theirs' => sub {
    $stack->expect_log(qr/memcached|obi-ring|connect\(\) to/);
    end(1);
    all_right('at once');
    sleep 1.2; # until it is asked again
    empty($_) for 0, 2; # so that nothing runs out meanwhile
    $story->get($_) for @documents;
    my ($before, $share) = (builds(), scalar share_of(1));
    all_right('without it');
    ok($stack->wait_until(5, sub { builds() - $before >= $share }), "its $share documents are built");
    my $built = builds() - $before;
    cmp_ok($built, '<=', $share + 4, "and hardly another ($built)");
    my ($began, $writes) = (time, 0);
    for ((share_of(1))[0, 1], (share_of(0))[0]) {
        rename_to($_, 'While one is away');
        $writes++;
    }
    cmp_ok((time - $began) / $writes, '<', $ttl_s, 'a write does not wait for it');
    all_right('written meanwhile');
};

subtest 'it comes back empty and takes its share' => sub {
    $pid[1] = start(1);
    all_right('at once');
    ok($stack->wait_until(10, sub { $story->get($_) for @documents; !grep { join('', owners($_)) ne $owner{$_} } @documents }),
        'every document is where it was');
    all_right('later');
};

subtest 'one hangs: no document is old when it goes on' => sub {
    $story->get($_) for @documents;
    my ($hers, $other) = ((share_of(2))[0], (share_of(0))[0]);
    freeze(2);
    all_right('while it hangs');
    my $began = time;
    rename_to($hers, 'While it hangs');
    cmp_ok(time - $began, '>=', $ttl_s - 1, 'what it holds is written when that has run out');
    rename_to($other, 'While it hangs');
    all_right('written meanwhile');
    kill 'CONT', $pid[2];
    all_right('it goes on');
    ok($stack->wait_until(10, sub { $story->get($_) for @documents; !grep { join('', owners($_)) ne $owner{$_} } @documents }),
        'and has its share again');
    all_right('later');
};

subtest 'one goes on while a write waits for it' => sub {
    $story->get($_) for @documents;
    my ($hers) = share_of(2);
    freeze(2);
    my $go_on = fork // die $!;
    if ($go_on == 0) {
        sleep 1;
        kill 'CONT', $pid[2];
        POSIX::_exit(0);
    }
    my $began = time;
    rename_to($hers, 'It goes on');
    cmp_ok(time - $began, '<', $ttl_s, 'the write ends with its answer');
    all_right('at once');
    waitpid $go_on, 0;
};

done_testing;
