#!/usr/bin/perl
# The primary is killed while people write: a replica is promoted with one command, the workers find it, and every
# write that was acknowledged is there. Semi-synchronous, with two replicas; the local stack has one, so the second
# is made here, of the same files.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);
use OBI::Test;

my $WRITERS = 4;
my $ENOUGH  = 40;     # acknowledged writes before the primary is killed, and after another was promoted
my $LIMIT   = 900;    # of one person; a person may have 1000 collections

my $stack = OBI::Test->private;
my $var   = $stack->var;
$stack->expect_log('"level":"error"', '\[(?:error|crit)\]');    # what is down is said

# Shell that knows the parts of this stack.
sub shell {
    my ($script) = @_;
    my $file = "$var/failover.sh";
    open my $out, '>', $file or die "$file: $!";
    print {$out} "set -u; TOP='$OBI::Test::TOP' VAR='$var'; . \"\$TOP/deploy/lib.sh\"; . \"\$TOP/deploy/stack.sh\"\n"
        . "settings_read; stack_names; secrets_make; cpus=1\n$script";
    close $out;
    return system('sh', $file) == 0;
}
sub sql_at {
    my ($server, $statement) = @_;
    open my $out, '-|', 'sh', '-c', '. "$0"/secrets; echo "$2" | MYSQL_PWD=$ADMIN_PASSWORD mariadb --no-defaults -uroot '
        . '-S "$0/run/$1.sock" -BN', $var, $server, $statement or die "sql: $!";
    return map { chomp; $_ } <$out>;
}
sub status {
    my ($rc, $out) = $stack->obi('status', '--json');
    return ($rc, decode_json($out));
}
sub states { my (undef, $st) = status(); return join ' ', map { $_->{state} } @{ $st->{databases} } }

subtest 'one replica, nothing semi-synchronous' => sub {
    ok $stack->wait_until(10, sub { states() eq 'primary in' }), 'a primary and a replica' or diag states();
    my ($rc, $st) = status();
    is $rc, 0, 'all is well';
    ok $st->{writable}, 'writes are taken';
    ok !$st->{semisync}{on}, 'semi-synchronous replication is off';
    is $st->{databases}[1]{lagMs} // -1, 0, 'the lag';
    is $st->{caches}[0]{answers}, JSON::PP::true, 'memcached answers';
    like $st->{schema}, qr/^\d{4}-/, 'the schema';
    ok exists $st->{outbox}{mails} && exists $st->{recheck}{hostsDue}, 'and what waits';
    my (undef, $table) = $stack->obi('status');
    like $table, qr/primary\.sock +primary .*\n.*replica\.sock +in /, 'the same for people';
    $stack->stop('replica');
    ($rc, $st) = status();
    is $rc, 1, 'without the replica it is worse';
    is $st->{databases}[1]{state}, 'down', 'which is down';
    $stack->kill('memcached');
    is((status())[1]{caches}[0]{answers}, JSON::PP::false, 'nor does memcached answer');
    $stack->start('memcached');
};

# As docs/operating.md says.
sql_at('primary', "CREATE USER obi_admin\@localhost IDENTIFIED BY 'three in the morning';"
    . ' GRANT REPLICATION SLAVE ADMIN, REPLICATION MASTER ADMIN, READ_ONLY ADMIN, SLAVE MONITOR, RELOAD ON *.* TO obi_admin@localhost;'
    . ' GRANT SELECT, UPDATE ON obi.heartbeat TO obi_admin@localhost;');
$stack->start('replica');
ok $stack->wait_until(20, sub { states() eq 'primary in' }), 'the replica is back' or diag states();

my @writers = map { my $b = $stack->browser; $b->sign_in("writer$_\@example.org"); $b } 1 .. $WRITERS;

ok shell(<<'EOS'), 'two replicas that acknowledge';
part_stop primary
part_stop replica
rm -rf "$VAR/second"
cp -a "$VAR/replica" "$VAR/second"
rm -f "$VAR/second/port"
database_port second
sed -e "s|/replica|/second|g" -e 's/^server_id = .*/server_id = 3/' -e "s/^port = .*/port = $(cat "$VAR/second/port")/" \
    "$VAR/replica/my.cnf" >"$VAR/second/my.cnf"
for server in primary replica second; do cat "$TOP/deploy/mariadb/semisync.cnf" >>"$VAR/$server/my.cnf"; done
echo 'rpl_semi_sync_master_enabled = 1' >>"$VAR/primary/my.cnf"
own second/my.cnf
part_start primary &
starting=$!
part_start replica || exit 1
daemon second mariadbd --defaults-file="$VAR/second/my.cnf"
wait_for second 60 starting database_answers second && replica_follows second || exit 1
wait $starting || exit 1
echo "db.replica = unix:$VAR/run/second.sock weight=2" >>"$VAR/obi.conf"
for part in jobs recheck read app fetch fetch-anon signin; do part_stop $part; done
for part in jobs recheck read app fetch fetch-anon signin; do part_start $part || exit 1; done
EOS
END { shell('stop second 10') if $stack && $stack->{owner} == $$ }
ok $stack->wait_until(20, sub { (status())[0] == 0 }), 'all is well' or diag((status())[1]{databases}[2]{state});
ok $stack->wait_until(10, sub { (status())[1]{semisync}{replicas} == 2 }), 'both acknowledge';

# Each writes until it is told to end, a line for each answer: its status, the time, what was written.
sub write_on {
    my ($number) = @_;
    open my $out, '>>', "$var/writes.$number" or die "writes: $!";
    $out->autoflush(1);
    for my $i (1 .. $LIMIT) {
        last if -e "$var/enough";
        my $name  = "Writer $number, $i";
        my $reply = $writers[ $number - 1 ]->post_form('/collections', { name => $name });
        printf {$out} "%d %.3f %s\n", $reply->code, time, $name;
        sleep 0.1 if $reply->code != 303;
    }
    POSIX::_exit(0);
}
sub answers {
    return map { open my $in, '<', $_ or die "$_: $!"; map { chomp; [ split / /, $_, 3 ] } <$in> } glob "$var/writes.*";
}
sub acknowledged { my ($since) = @_; return scalar grep { $_->[0] == 303 && $_->[1] > $since } answers() }

my @pids = map { my $n = $_; my $pid = fork // die "fork: $!"; write_on($n) if $pid == 0; $pid } 1 .. $WRITERS;
ok $stack->wait_until(20, sub { acknowledged(0) >= $ENOUGH }), 'writes are acknowledged';

my $killed = time;
$stack->kill('primary');
ok $stack->wait_until(10, sub { scalar grep { $_->[0] == 503 } answers() }), 'then they are refused';
is((status())[0], 2, 'which obi status says');
is $stack->browser->get('/healthz')->code, 200, 'reads go on';

my ($rc, $said, $complaint) = do {
    local $ENV{OBI_ADMIN_PASSWORD} = 'three in the morning';
    $stack->obi('promote');
};
my $promoted = time;
is $rc, 0, 'a replica is promoted' or diag "$said$complaint";
like $said, qr/takes writes now/, 'and that is said';
ok $stack->wait_until(20, sub { acknowledged($promoted) >= $ENOUGH }), 'writes are acknowledged again';
my ($first) = sort { $a <=> $b } map { $_->[1] } grep { $_->[0] == 303 && $_->[1] > $promoted } answers();
cmp_ok $first - $promoted, '<', 5, 'within 5 s';
open my $enough, '>', "$var/enough" or die "enough: $!";
waitpid $_, 0 for @pids;

my $name = (sort grep { /run\/(?:replica|second)\.sock/ } map { $_->{address} } grep { $_->{state} eq 'primary' }
    @{ (status())[1]{databases} })[0] // '';
my ($now) = $name =~ /(replica|second)\.sock/ or BAIL_OUT('no new primary');
my %there = map { $_ => 1 } sql_at($now, 'SELECT name FROM obi.collection');
my @acknowledged = grep { $_->[0] == 303 } answers();
my @lost         = grep { !$there{ $_->[2] } } @acknowledged;
my %count;
$count{ $_->[0] }++ for answers();
note sprintf '%d writes: %s; killed after %d, without a primary for %.1f s; on %s: %d rows, %d acknowledged writes lost',
    scalar answers(), join(', ', map { "$count{$_} times $_" } sort keys %count), scalar(grep { $_->[1] < $killed } @acknowledged),
    $first - $killed, $now, scalar keys %there, scalar @lost;
is scalar @lost, 0, 'every acknowledged write is there' or diag join "\n", map { $_->[2] } @lost[ 0 .. ($#lost > 9 ? 9 : $#lost) ];
is join(' ', sort grep { $_ != 303 } keys %count), 503, 'all others were answered 503';

# The old primary comes back as it was, and takes writes: nobody goes there.
$stack->start('primary');
ok $stack->wait_until(10, sub { (status())[1]{databases}[0]{state} eq 'astray' }), 'the old primary is astray';
is $writers[0]->post_form('/collections', { name => 'After it came back' })->code, 303, 'a write after it';
is join(' ', sql_at($now, q{SELECT COUNT(*) FROM obi.collection WHERE name = 'After it came back'})), 1, 'goes to the new';
like $writers[0]->get('/collections')->decoded_content, qr/After it came back/, 'and is shown at once';

done_testing;
