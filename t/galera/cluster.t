#!/usr/bin/perl
# The application on three nodes of Galera: what is acknowledged is there, whichever node is asked and whichever is lost.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../http/lib";
use File::Temp qw(tempfile);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);
use OBI::Galera;
use OBI::Story;
use OBI::Test;

my $seconds = $ENV{OBI_GALERA_SECONDS} // 12;
my $cluster = OBI::Galera->new(3);
my $stack = OBI::Test->private(conf => $cluster->conf);
my $story = OBI::Story->new($stack, 'galera');

# A signed-in person with a collection.
sub person {
    my ($name) = @_;
    my $email = $story->address($name);
    $story->tool('user', 'add', $email);
    my $group = $story->collection($email, 'Number 0', 1);
    my ($row) = @{ $cluster->sql(0, "SELECT user_id, path FROM obi.collection WHERE id = $group") };
    return { email => $email, group => $group, id => $row->[0], path => "/share/collection/$row->[1].json",
        browser => $story->browser($email) };
}
# The status of renaming somebody's collection.
sub rename_to {
    my ($person, $name) = @_;
    return $person->{browser}->post_form("/collections/$person->{group}/change",
        { name => $name, description => '', visibility => 'public', confirmed => 1 })->code;
}
# Runs in a process of its own what says lines; they are read when it has ended.
sub aside {
    my ($run) = @_;
    my ($out, $file) = tempfile(UNLINK => 1);
    my $pid = fork // die $!;
    if ($pid == 0) {
        $out->autoflush;
        $run->($out);
        POSIX::_exit(0);
    }
    return { pid => $pid, file => $file };
}
sub lines_of {
    my ($child) = @_;
    waitpid $child->{pid}, 0;
    open my $in, '<', $child->{file} or die $!;
    return map { chomp; $_ } <$in>;
}

subtest 'three nodes have the schema, and each table a primary key' => sub {
    for my $n (0 .. 2) {
        is($cluster->status($n, 'wsrep_cluster_size'), 3, "node $n sees three");
        is_deeply($cluster->sql($n, q{SELECT t.table_name FROM information_schema.tables t LEFT JOIN
            information_schema.statistics s ON s.table_schema = t.table_schema AND s.table_name = t.table_name AND
            s.index_name = 'PRIMARY' WHERE t.table_schema = 'obi' AND (s.index_name IS NULL OR t.engine <> 'InnoDB')}),
            [], "node $n: what a cluster replicates");
    }
    my ($status, $out) = $stack->obi('status');
    is($status, 0, 'obi status finds nothing wrong') or diag $out;
};

my @people = map { person($_) } qw(ada bob cy);

subtest 'read your writes, from whichever node' => sub {
    # Large transactions hold the other nodes up: what is committed after them is there later.
    $cluster->sql(0, 'CREATE TABLE obi.ballast (id INT PRIMARY KEY, v INT); INSERT INTO obi.ballast SELECT seq, 0 FROM seq_1_to_30000');
    my $end = time + $seconds;
    my $ballast = aside(sub { while (time < $end) { $cluster->sql(0, 'UPDATE obi.ballast SET v = v + 1') } });
    my ($old, $reads, $number, $refused) = (0, 0, 0, 0);
    my ($person) = @people;
    while (time < $end) {
        $number++;
        rename_to($person, "Number $number") == 303 or $refused++, next;
        for (1 .. 3) {
            $reads++;
            $old++ if $person->{browser}->get("/collections/$person->{group}")->decoded_content !~ /Number $number\b/;
        }
        $reads++;
        $old++ if $story->get($person->{path})->{content} !~ /Number $number\b/;
    }
    lines_of($ballast);
    cmp_ok($number, '>', 10, "$number writes");
    is($refused, 0, 'each is acknowledged');
    is($old, 0, "none of $reads reads after them is old");
    for my $n (1, 2) {
        my $asked = grep { $_->[0] eq 'obi' } @{ $cluster->sql($n, "SELECT user FROM information_schema.processlist") };
        cmp_ok($asked, '>', 0, "node $n is asked");
    }
    $cluster->sql(0, 'DROP TABLE obi.ballast');
};

subtest 'another node writes the same rows: conflicts are tried again' => sub {
    my ($person) = @people;
    my $before = $cluster->status(0, 'wsrep_local_bf_aborts') + $cluster->status(0, 'wsrep_local_cert_failures');
    my $end = time + $seconds / 2;
    my @others = map { my $n = $_; aside(sub {
        while (time < $end) {
            # Each would lose against OBI as well, and is not tried again.
            $cluster->sql($n, "UPDATE obi.user SET version = version + 1 WHERE id = $person->{id}; DO SLEEP(0.02);" x 20);
            print {$_[0]} "20\n";
        }
    }) } 1, 2;
    my %answers;
    my $number = 1000;
    my @writes;
    while (time < $end) {
        my $began = time;
        $answers{ rename_to($person, 'Number ' . ++$number) }++;
        push @writes, time - $began;
    }
    @writes = sort { $a <=> $b } @writes;
    diag(sprintf 'a write takes %.0f ms, at most %.0f', 1000 * $writes[ @writes / 2 ], 1000 * $writes[-1]);
    my $theirs = 0;
    $theirs += $_ for map { lines_of($_) } @others;
    my $conflicts = $cluster->status(0, 'wsrep_local_bf_aborts') + $cluster->status(0, 'wsrep_local_cert_failures') - $before;
    my $mine = $answers{303} // 0;
    cmp_ok($conflicts, '>', 0, "$conflicts conflicts between $mine writes and $theirs of other nodes");
    is_deeply([ keys %answers ], [303], 'every write is acknowledged') or diag explain \%answers;
    is_deeply([ map { $cluster->sql($_, "SELECT name FROM obi.collection WHERE id = $person->{group}")->[0][0] } 0 .. 2 ],
        [ ("Number $number") x 3 ], 'and the last is everywhere');
};

subtest 'the node that takes the writes is killed: none that was acknowledged is lost' => sub {
    $stack->expect_log(qr/STORE_DOWN|STORE_CONFLICT|db|primary|upstream/i);
    my $end = time + $seconds + 8;
    my @writers = map { my $person = $_; aside(sub {
        my ($out) = @_;
        for (my $number = 1; time < $end; $number++) {
            my $began = time;
            my $code = $person->{browser}->post_form('/collections', { name => "Made $number" })->code;
            printf {$out} "%.3f %.3f %d %d\n", $began, time, $number, $code;
            sleep 0.02; # a person has 1000 collections
        }
    }) } @people;
    sleep 3;
    my $killed_at = time;
    $cluster->kill(0);
    my ($made, $refused, $lost, $later, $longest) = (0, 0, 0, 0, 0);
    my %answers;
    for my $i (0 .. $#people) {
        my @made;
        for (map { [split] } lines_of($writers[$i])) {
            my ($began, $ended, $number, $code) = @$_;
            $longest = $ended - $began if $ended - $began > $longest;
            $answers{$code}++;
            next if $code != 303;
            $made++;
            $later++ if $began > $killed_at + 1;
            push @made, "Made $number";
        }
        for my $n (1, 2) {
            my %there = map { $_->[0] => 1 } @{ $cluster->sql($n, "SELECT name FROM obi.collection WHERE user_id = $people[$i]{id}") };
            $lost += grep { !$there{$_} } @made;
        }
    }
    cmp_ok($made, '>', 50, "$made writes acknowledged, $later of them after the node was gone");
    cmp_ok($later, '>', 20, 'writes go on');
    is($lost, 0, 'each is on both nodes that are left');
    diag(sprintf 'answers: %s; the longest took %.1f s', join(', ', map { "$answers{$_} times $_" } sort keys %answers), $longest);
    is_deeply([ grep { !/^(?:303|503)$/ } keys %answers ], [], 'the others were told to come again');
};

subtest 'it comes back by itself, with all that was written' => sub {
    $cluster->start(0);
    is($cluster->sql(0, 'SELECT COUNT(*), SUM(version) FROM obi.collection c JOIN obi.user u ON u.id = c.user_id')->[0][0],
        $cluster->sql(1, 'SELECT COUNT(*) FROM obi.collection')->[0][0], 'it has every row');
    is(rename_to($_, 'At last'), 303, 'writes go on') for @people;
    like($story->get($_->{path})->{content}, qr/At last/, 'and show') for @people;
};

subtest 'one node of three takes nothing, rather than go its own way' => sub {
    $cluster->kill($_) for 1, 2;
    ok($stack->wait_until(30, sub { ($cluster->status(0, 'wsrep_cluster_status') // '') eq 'non-Primary' }), 'it knows');
    is(rename_to($people[0], 'Nowhere'), 503, 'a write is refused');
    unlike($story->get($people[0]{path})->{content}, qr/Nowhere/, 'and does not show');
};

done_testing;
