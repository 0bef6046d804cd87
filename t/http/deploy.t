#!/usr/bin/perl
# deploy/up, run again and run wrongly; deploy/down.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp qw(tempdir);
use Test::More;
use OBI::Test;

my $stack   = OBI::Test->private;
my $top     = $OBI::Test::TOP;
my @pools   = qw(read app fetch fetch-anon signin);
my @parts   = (qw(primary replica memcached), @pools, qw(jobs recheck nginx));
my $visitor = $stack->browser;

sub run_it { # status and text of a command
    my (@command) = @_;
    my $pid = open(my $out, '-|') // die "fork: $!";
    if ($pid == 0) {
        open STDERR, '>&', \*STDOUT;
        $ENV{OBI_CLOCK_FILE} = $stack->var . '/clock';
        exec @command or exit 127;
    }
    local $/;
    my $text = <$out>;
    close $out;
    return ($? >> 8, $text);
}
sub up { return run_it("$top/deploy/up", '--no-build', '--preset', 'dev', '--var', @_) }
sub pids { return map { $_ => $stack->pid($_) } @parts }
# A process that ended may wait for its parent to notice.
sub runs { open my $stat, '<', "/proc/$_[0]/stat" or return 0; return <$stat> !~ /\) Z / }
sub write_file { open my $out, '>', $_[0] or die; print {$out} $_[1]; close $out; return $_[0] }

subtest 'run again, it restarts nothing' => sub {
    my %before = pids();
    my ($status, $text) = up($stack->var);
    is $status, 0, 'it ends well' or diag $text;
    like $text, qr{^OBI is running at \Q@{[$stack->base]}\E\n\z}m, 'and ends with the address';
    is_deeply { pids() }, \%before, 'every part is the process it was';
};

subtest 'a part that died is started, and no other' => sub {
    my %before = pids();
    $stack->expect_log('connect\(\) to unix:.*app.sock failed', 'recv\(\) failed', '"event":"cache');
    $stack->kill('memcached', 'app');
    my ($status, $text) = up($stack->var);
    is $status, 0, 'it ends well' or diag $text;
    my %after = pids();
    is join(' ', grep { $after{$_} != $before{$_} } @parts), 'memcached app', 'those two are new';
    is $visitor->get('/')->code, 200, 'pages answer';
};

subtest 'a setting restarts the workers alone' => sub {
    my %before = pids();
    my %workers = map { $_ => 1 } map { $stack->workers($_) } @pools;
    my $conf = write_file($stack->var . '/mine.conf', "site.name = Somebody's Badges\n");
    my ($status, $text) = up($stack->var, '--conf', $conf);
    is $status, 0, 'it ends well' or diag $text;
    my %after = pids();
    is join(' ', grep { $after{$_} != $before{$_} } @parts), 'jobs recheck', 'what reads it is new';
    is_deeply [ grep { $workers{$_} } map { $stack->workers($_) } @pools ], [], 'as is each worker';
    like $visitor->get('/signin')->decoded_content, qr/Somebody(?:'|&#39;|&#x27;)s Badges/, 'and has it';
    like $visitor->get('/static/nothing')->decoded_content, qr/Somebody(?:'|&#39;|&#x27;)s Badges/, 'as have the pages of nginx';
    up($stack->var);
    like $visitor->get('/signin')->decoded_content, qr/Somebody(?:'|&#39;|&#x27;)s Badges/, 'as it does when run without it';
};

subtest 'a mistake in the settings stops nothing' => sub {
    my %before = pids();
    my $conf = write_file($stack->var . '/wrong.conf', "\nfetch.timeout = soon\n");
    my ($status, $text) = up($stack->var, '--conf', $conf);
    isnt $status, 0, 'it fails';
    like $text, qr/failed at: checking the configuration/, 'says at what';
    like $text, qr/\Q$conf\E:2: fetch\.timeout: /, 'and names file, line and key';
    ok !-e $stack->var . '/base.conf', 'no second copy of the passwords stays';
    is_deeply { pids() }, \%before, 'what ran runs on';
    is((up($stack->var))[0], 0, 'the mistake is not remembered');
};

subtest 'a migration that fails says where and why, once' => sub {
    my $folder = tempdir(CLEANUP => 1);
    write_file("$folder/9999-wrong.sql", "-- Two.\nCREATE TABLE IF NOT EXISTS two (a INT);\n\nNONSENSE;\n");
    my ($status, undef, $complaint) = $stack->obi('migrate', '--schema', $folder);
    $stack->sql('DROP TABLE IF EXISTS obi.two');
    is $status, 70, 'it fails';
    for my $part ('9999-wrong.sql', 'begins in line 4', 'NONSENSE') {
        is scalar(() = $complaint =~ /\Q$part\E/g), 1, $part or diag $complaint;
    }
};

subtest 'a port in use is said, and nothing is left running' => sub {
    my $other = tempdir('/tmp/obi-test.XXXXXX', CLEANUP => 1);
    my ($status, $text) = up($other, '--port', $stack->port);
    isnt $status, 0, 'it fails';
    like $text, qr/port \d+ is in use.*--port/s, 'and says what to do';
    (undef, $text) = run_it("$top/deploy/part", 'status', '--var', $other);
    unlike $text, qr/\d/, 'nothing runs';
};

subtest 'a port that the servers may not use is refused before anything stops' => sub {
    open my $first, '<', '/proc/sys/net/ipv4/ip_unprivileged_port_start' or die;
    plan skip_all => 'every port may be used here' if <$first> < 82;
    my %before = pids();
    my ($status, $text) = up($stack->var, '--port', 80);
    isnt $status, 0, 'it fails';
    like $text, qr/port 80 may only be used by root/, 'and says why';
    is_deeply { pids() }, \%before, 'what ran runs on';
    ($status, $text) = up($stack->var);
    like $text, qr{^OBI is running at \Q@{[$stack->base]}\E\n\z}m, 'the port is not remembered';
};

subtest 'a step that fails shows its log and stops what it began' => sub {
    my $other = tempdir('/tmp/obi-test.XXXXXX', CLEANUP => 1);
    mkdir "$other/primary";
    write_file("$other/primary/ready", ''); # says that there are files, and there are none
    my ($status, $text) = up($other, '--port', $stack->port + 3);
    isnt $status, 0, 'it fails';
    like $text, qr/failed at: starting the databases/, 'says at what';
    like $text, qr{the end of \Q$other\E/log/primary\.log:}, 'and shows the log';
    (undef, $text) = run_it("$top/deploy/part", 'status', '--var', $other);
    unlike $text, qr/\d/, 'nothing runs';
};

subtest 'too long a path and wrong arguments' => sub {
    my ($status, $text) = up('/tmp/obi-test.' . 'x' x 100);
    isnt $status, 0, 'a path too long for sockets';
    like $text, qr/too long a path/, 'is said';
    rmdir '/tmp/obi-test.' . 'x' x 100;
    ($status, $text) = up('/tmp/obi test');
    isnt $status, 0, 'a path with a space';
    like $text, qr/path .*obi test has a character/, 'is said';
    ok !-e '/tmp/obi test', 'before anything is made';
    is((run_it("$top/deploy/up", '--nonsense'))[0], 64, 'an unknown option');
    is((up($stack->var, '--port', '99999'))[0], 1, 'no such port');
    for my $program (qw(up down part)) {
        my ($rc, $help) = run_it("$top/deploy/$program", '--help');
        is $rc, 0, "$program --help";
        like $help, qr/^usage: deploy\/$program /, 'says how';
    }
};

subtest 'down stops all of it, and the data stays' => sub {
    $stack->browser->sign_in('stays@example.org');
    my %before = pids();
    my ($status, $text) = run_it("$top/deploy/down", '--var', $stack->var);
    is $status, 0, 'it ends well';
    is join(' ', grep { runs($before{$_}) } @parts), '', 'no part runs';
    (undef, $text) = up($stack->var);
    like $text, qr/^OBI is running/m, 'up again';
    is $stack->sql("SELECT COUNT(*) FROM obi.user_email WHERE email = 'stays\@example.org'")->[0][0], 1, 'with the data';
};

done_testing;
