#!/usr/bin/perl
# The four invariants of docs/architecture.md, "What must hold", attacked: writers and readers over HTTP, and
# everything the stack consists of delayed, stopped, emptied and killed under them. attack.c says what is too old.
# OBI_CONSISTENCY_MINUTES spreads the faults over so many minutes (`t/run consistency --minutes N`).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../http/lib";
use IO::Handle;
use IO::Select;
use JSON::PP;
use List::Util qw(sum0);
use Test::More;
use Time::HiRes qw(sleep time);
use OBI::Story;
use OBI::Test;

my $PEOPLE = 8;
my $build = "$OBI::Test::TOP/build/dev/t/consistency";
my $minutes = $ENV{OBI_CONSISTENCY_MINUTES};

# The lifetime is short, since a write waits as long for a memcached that hangs, and longer than SWEPT_US.
my $stack = OBI::Test->private(conf => "cache.ttl = 6\n");
$stack->expect_log('"level":"error"', '\[(?:error|crit|alert)\]'); # reports of sanitizers still count
my $story = OBI::Story->new($stack, 'attack');
my $guard = $stack->var . '/guard';
my $ADMIN = 'three in the morning';
my ($replication) = map { /^REPLICATION_PASSWORD=(\S+)/ ? $1 : () } do { open my $in, '<', $stack->var . '/secrets' or die $!; <$in> };
$stack->sql("CREATE USER obi_admin\@localhost IDENTIFIED BY '$ADMIN';"
    . ' GRANT REPLICATION SLAVE ADMIN, REPLICATION MASTER ADMIN, READ_ONLY ADMIN, SLAVE MONITOR, RELOAD ON *.* TO obi_admin@localhost;'
    . ' GRANT SELECT, UPDATE ON obi.heartbeat TO obi_admin@localhost');
$SIG{PIPE} = 'IGNORE'; # an attack that ended

# ---- who there is -------------------------------------------------------------------------------------

# A learner with badges and public collections: the lines of a plan.
sub person {
    my ($run, $number) = @_;
    my $email = $story->address("$run-$number");
    my @badges = map { $_->{id} }
        $story->import_all($email, map { $story->issuer->badge("$run-$number-$_", to => $email) } 0 .. 3);
    my @groups = map { $story->collection($email, sprintf('p%dc%dn%06dz', $number, $_, 1), 1, @badges) } 0 .. 2;
    my $browser = $story->browser($email);
    for my $badge (@badges) {
        my $reply = $browser->post_form("/backpack/badge/$badge/visibility", { visibility => 'public', confirmed => 1 });
        $reply->code == 303 or BAIL_OUT('a badge is not shown: ' . $reply->status_line);
    }
    my $user = $story->user_id($email);
    my %path = map { @$_ } @{ $stack->sql("SELECT id, path FROM obi.collection WHERE user_id = $user") };
    my %badge_path = map { @$_ } @{ $stack->sql("SELECT badge_id, path FROM obi.badge_path WHERE user_id = $user") };
    my %image = map { @$_ } @{ $stack->sql("SELECT id, LOWER(HEX(picture_hash)) FROM obi.badge WHERE user_id = $user") };
    my @lines = ("person $number $user $email " . $browser->csrf);
    $browser->agent->cookie_jar->scan(sub { push @lines, "cookie $_[1]=$_[2]" });
    push @lines, map { "collection $_ $groups[$_] $path{ $groups[$_] } 2 1 15" } 0 .. $#groups;
    push @lines, map { "badge $_ $badges[$_] $image{ $badges[$_] }.png $badge_path{ $badges[$_] } 2" } 0 .. $#badges;
    return @lines;
}

sub plan_file {
    my ($run, $people) = @_;
    my $file = $stack->var . "/plan-$run";
    open my $out, '>', $file or die "$file: $!";
    print {$out} map { "$_\n" } 'port ' . $stack->port, "tool $OBI::Test::TOP/build/dev/obi " . $stack->var . '/obi.conf',
        map { person($run, $_) } 0 .. $people - 1;
    close $out or die "$file: $!";
    return $file;
}

# ---- one attack ---------------------------------------------------------------------------------------

my ($orders, $pid, $answers);
sub attack_begin {
    my ($plan) = @_;
    pipe my $in, $orders or die $!;
    pipe $answers, my $out or die $!;
    $pid = fork // die $!;
    if ($pid == 0) {
        open STDIN, '<&', $in or die $!;
        open STDOUT, '>&', $out or die $!;
        close $_ for $orders, $answers;
        exec "$build/attack", $plan or die "attack: $!";
    }
    $orders->autoflush(1);
    return;
}
sub order { print {$orders} "$_[0]\n"; return }
# What was counted, a reference a phase.
sub attack_end {
    order('end');
    my @lines = <$answers>;
    close $orders;
    waitpid $pid, 0;
    is($?, 0, 'the attack itself ended well');
    diag($_) for grep { /^#/ } @lines;
    return map { decode_json($_) } grep { /^\{/ } @lines;
}
sub show {
    my @columns = qw(reads unanswered as_of acknowledged unknown stale late oldest_ms);
    diag(sprintf '%-26s' . '%13s' x @columns, 'while', map { tr/_/ /r } @columns);
    diag(sprintf '%-26s' . '%13d' x @columns, $_->{phase}, @$_{@columns}) for @_;
    return;
}
sub total { my ($what, @phases) = @_; return sum0(map { $_->{$what} } @phases) }

# ---- what is done to the stack ------------------------------------------------------------------------

sub replica_delay {
    my ($seconds) = @_;
    $stack->sql("STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = $seconds; START SLAVE", 'replica');
    return;
}
sub replica_catches_up {
    my $position = $stack->sql('SELECT @@gtid_binlog_pos')->[0][0];
    $stack->sql("SELECT MASTER_GTID_WAIT('$position', 20)", 'replica');
    return;
}
sub memcached_empties {
    require IO::Socket::UNIX;
    my $socket = IO::Socket::UNIX->new(Peer => $stack->var . '/run/memcached.sock') or return;
    print {$socket} "flush_all\r\nquit\r\n";
    return <$socket>;
}
# Again and again for so long.
sub repeat {
    my ($seconds, $every, $do) = @_;
    my $end = time + $seconds;
    while (time < $end) {
        $do->();
        sleep $every;
    }
    return;
}
# To one of the pool's workers; goes on after `meanwhile`.
sub a_worker {
    my ($signal, $pool, $meanwhile) = @_;
    my @workers = $stack->workers($pool) or return;
    my $worker = $workers[ rand @workers ];
    kill $signal => $worker;
    return if !$meanwhile;
    $meanwhile->();
    kill CONT => $worker;
    return;
}
# The pools anew, with the guard preloaded, which takes nothing away yet; their clocks so many seconds off.
sub pools_start {
    my (%off_s) = @_;
    local @ENV{qw(LD_PRELOAD OBI_GUARD)} = ("$build/guard.so", $guard);
    # The sanitizer wants to be loaded first; it may come second to a library that does nothing before main.
    local $ENV{ASAN_OPTIONS} = join ':', $ENV{ASAN_OPTIONS} // (), 'verify_asan_link_order=0';
    for my $pool (qw(read app)) {
        $stack->stop($pool);
        write_file($stack->var . "/clock-$pool", $off_s{$pool} // 0);
        local $stack->{clock_file} = $stack->var . "/clock-$pool";
        $stack->start($pool);
    }
    return;
}
sub guard {
    my ($what) = @_;
    write_file($guard, $what);
    return;
}
sub write_file {
    my ($file, $text) = @_;
    open my $out, '>', "$file.new" or die "$file: $!";
    print {$out} "$text\n";
    close $out or die "$file: $!";
    chmod 0644, "$file.new";
    rename "$file.new", $file or die "$file: $!";
    return;
}

# A name, how many parts of the time it gets, and what is done for so many seconds.
my @faults = (
    [ 'quiet', 1, sub { sleep $_[0] } ],
    [ 'replica 0 s behind', 1, sub { replica_delay(0); sleep $_[0] } ],
    [ 'replica 2 s behind', 1, sub { replica_delay(2); sleep $_[0] } ],
    [ 'replica 10 s behind', 1, sub { replica_delay(10); sleep $_[0]; replica_delay(0) } ],
    [ 'replication stopped', 1, sub { $stack->sql('STOP SLAVE', 'replica'); sleep $_[0]; $stack->sql('START SLAVE', 'replica') } ],
    [ 'memcached emptied', 1, sub { repeat($_[0], 0.2, \&memcached_empties) } ],
    [ 'memcached killed', 1, sub { $stack->kill('memcached'); sleep $_[0] / 2; $stack->start('memcached'); sleep $_[0] / 2 } ],
    [ 'memcached restarted', 1, sub { repeat($_[0], 0.5, sub { $stack->kill('memcached'); $stack->start('memcached') }) } ],
    # Longer than a write waits for it.
    [ 'memcached stopped', 3, sub { $stack->pause('memcached'); sleep $_[0] * 0.8; $stack->continue('memcached'); sleep $_[0] * 0.2 } ],
    [ 'memcached hangs for moments', 1, sub {
        repeat($_[0], 0.4, sub { $stack->pause('memcached'); sleep 0.2; $stack->continue('memcached') });
    } ],
    [ 'workers stopped for moments', 1, sub {
        repeat($_[0], 0.05, sub { a_worker(STOP => 'read', sub { sleep rand 0.4 }) });
    } ],
    [ 'workers killed', 1, sub { repeat($_[0], 0.3, sub { a_worker(KILL => $_) for qw(read app) }) } ],
    [ 'killed before deleting', 2, sub { guard('kill'); sleep $_[0]; guard('') } ],
    [ 'clocks skewed', 2, sub {
        pools_start(app => 300, read => -300);
        sleep $_[0] / 2;
        guard('kill');
        sleep $_[0] / 2;
        guard('');
        pools_start();
    } ],
    [ 'primary restarted', 1, sub { primary_away('stop', $_[0]) } ],
    [ 'primary killed', 1, sub { replica_catches_up(); primary_away('kill', $_[0]) } ],
    [ 'primary handed over', 1, sub {
        hands_over('primary', 'replica');
        sleep $_[0] / 2;
        hands_over('replica', 'primary');
        sleep $_[0] / 2;
    } ],
);
# As docs/operating.md says, with what `obi promote` prints. The new one has thrown away what the old one need not read.
sub hands_over {
    my ($from, $to) = @_;
    my $log = $stack->sql('FLUSH BINARY LOGS; SHOW MASTER STATUS', $to)->[0][0];
    $stack->sql("PURGE BINARY LOGS TO '$log'", $to);
    order('primary down');
    my ($rc, $said) = do { local $ENV{OBI_ADMIN_PASSWORD} = $ADMIN; $stack->obi('promote', '--hand-over') };
    order('primary up');
    is($rc, 0, "$from hands over to $to") or diag($said);
    my ($follow) = $said =~ /To let it follow, tell it\n(.*?START SLAVE;)/s or return fail('what it prints');
    $follow =~ s/MASTER_USER = '\S+', MASTER_PASSWORD = '\S+'/MASTER_USER = 'obi_replica', MASTER_PASSWORD = '$replication'/;
    $stack->sql($follow, $from);
    my $running = sub { my %is = map { @$_ } @{ $stack->sql("SHOW STATUS LIKE 'Slave_running'", $from) }; $is{Slave_running} eq 'ON' };
    ok($stack->wait_until(10, $running), 'which follows it');
    return;
}
sub primary_away {
    my ($how, $seconds) = @_;
    order('primary down');
    $stack->$how('primary');
    sleep $seconds / 3;
    $stack->start('primary');
    order('primary up');
    sleep $seconds * 2 / 3;
    return;
}

subtest 'every fault in turn' => sub {
    my $part = ($minutes // 1.3) * 60 / sum0(map { $_->[1] } @faults);
    my $plan = plan_file('all', $PEOPLE);
    pools_start();
    attack_begin($plan);
    my $removed = 1;
    for my $fault (@faults) {
        my ($name, $parts, $do) = @$fault;
        order("phase $name");
        # Some accounts go while something is wrong; the first, which is read most, stays.
        order('remove ' . $removed++) if $name =~ /^(?:replica 10|memcached|workers)/ && $removed < $PEOPLE / 2;
        $do->($parts * $part);
    }
    my @phases = attack_end();
    show(@phases);
    is(total('stale', @phases), 0, 'no reading was older than it may be');
    is(total('as_of_wrong', @phases), 0, 'X-OBI-As-Of stands only where no primary answered');
    cmp_ok(total('reads', @phases), '>', 1000, total('reads', @phases) . ' readings');
    cmp_ok(total('acknowledged', @phases), '>', 100, total('acknowledged', @phases) . ' writes');
    for my $phase (grep { $_->{phase} =~ /^(?:replica|replication|memcached|primary)/ } @phases) {
        is($phase->{unanswered}, 0, "every reading was answered: $phase->{phase}");
        cmp_ok($phase->{acknowledged}, '>', 0, "writes too: $phase->{phase}");
    }
};

# The same attack finds the fault when a guard is gone, and ends with it.
for my $gone (
    [ 'no-delete', 'writers delete nothing' ],
    [ 'no-lease', 'whoever built a document stores it' ],
    [ 'no-version', 'a replica is read whatever it has', sub { replica_delay(2) }, sub { replica_delay(0) } ],
    [ 'kill', 'nobody sweeps after killed workers', sub { $stack->stop('jobs') }, sub { $stack->start('jobs') } ],
) {
    my ($what, $name, $before, $after) = @$gone;
    subtest "without the guard: $name" => sub {
        my $plan = plan_file($what, 4);
        $before->() if $before;
        guard($what);
        pools_start();
        attack_begin($plan);
        order("phase $what");
        order('until stale');
        ok($stack->wait_until(40, sub { IO::Select->new($answers)->can_read(0) }), 'within 40 s');
        guard('');
        my @phases = attack_end();
        show(@phases);
        cmp_ok(total('stale', @phases), '>', 0, 'it is found');
        $after->() if $after;
    };
}

done_testing;
