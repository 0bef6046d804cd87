package OBI::Galera;

# A Galera cluster on this machine, of nodes numbered from 0, each with a socket for the database `obi`.
#
#   my $cluster = OBI::Galera->new(3);
#   my $stack = OBI::Test->private(conf => $cluster->conf);     # the first node is db.primary
#   $cluster->kill(0);
#   my $rows = $cluster->sql(1, 'SELECT ...');
#   $cluster->start(0);

use strict;
use warnings;
use Carp qw(croak);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(sleep time);

my $password = 'of-this-test';

sub new {
    my ($class, $count) = @_;
    my $dir = tempdir('/tmp/obi-galera.XXXXXX', CLEANUP => !$ENV{OBI_KEEP});
    chmod 0777, $dir;
    my $self = bless { dir => $dir, owner => $$, count => $count, port => _free_ports(3 * $count), pid => [] }, $class;
    $self->_write_conf($_) for 0 .. $count - 1;
    $self->_create;
    $self->start($_, $_ == 0 ? '--wsrep-new-cluster' : ()) for 0 .. $count - 1;
    return $self;
}

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$;
    local $?;
    my @left = grep { $_ } @{ $self->{pid} };
    CORE::kill('KILL', @left);
    waitpid $_, 0 for @left;
}

# The settings of a stack over this cluster.
sub conf {
    my ($self) = @_;
    my ($first, @others) = map { "unix:$self->{dir}/$_.sock" } 0 .. $self->{count} - 1;
    return join '', "db.primary = $first\n", (map { "db.replica = $_\n" } @others),
        "db.password = $password\ndb.owner_password = $password\n";
}

# A port that is free with those behind it.
sub _free_ports {
    my ($count) = @_;
    while (1) {
        my $port = 20000 + int rand 12000;
        my @free = grep { $_ } map { IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1:$_") } $port .. $port + $count - 1;
        return $port if @free == $count;
    }
}

# Three ports a node: the group's, for missed writes, and for a whole copy.
sub _write_conf {
    my ($self, $n) = @_;
    my $dir = "$self->{dir}/$n";
    my ($group, $missed, $copy) = map { $self->{port} + 3 * $n + $_ } 0 .. 2;
    my $all = join ',', map { '127.0.0.1:' . ($self->{port} + 3 * $_) } 0 .. $self->{count} - 1;
    my $user = $> == 0 ? 'user = nobody' : '';
    make_path("$dir/tmp");
    open my $out, '>', "$dir/my.cnf" or croak $!;
    print {$out} <<"END";
[mariadbd]
$user
datadir = $dir/data
tmpdir = $dir/tmp
socket = $dir.sock
pid-file = $dir/pid
skip-networking
skip-name-resolve
character-set-server = utf8mb4
collation-server = utf8mb4_bin
max_allowed_packet = 32M
max_connections = 250
binlog_format = ROW
innodb_autoinc_lock_mode = 2
innodb_flush_log_at_trx_commit = 0
innodb_buffer_pool_size = 32M
innodb_log_file_size = 32M
performance_schema = 0
wsrep_on = ON
wsrep_provider = /usr/lib/galera/libgalera_smm.so
wsrep_cluster_name = obi-test
wsrep_cluster_address = gcomm://$all
wsrep_node_name = node$n
wsrep_node_address = 127.0.0.1
wsrep_sst_method = rsync
wsrep_sst_receive_address = 127.0.0.1:$copy
wsrep_slave_threads = 4
wsrep_provider_options = "base_port=$group;gmcast.listen_addr=tcp://127.0.0.1:$group;ist.recv_addr=127.0.0.1:$missed;gcache.size=32M"
END
    close $out or croak $!;
    $self->_own($dir);
    return;
}
sub _own { my ($self, $path) = @_; $> != 0 or system('chown', '-R', 'nobody', $path) == 0 or croak "chown $path" }

# The first node's files, with the users that a stack needs; the other nodes copy them when they join.
sub _create {
    my ($self) = @_;
    my $dir = "$self->{dir}/0";
    my $log = "$dir.install.log";
    my $as = $> == 0 ? '--user=nobody' : '';
    mkdir "$dir/data";
    $self->_own("$dir/data");
    system("mariadb-install-db --defaults-file=$dir/my.cnf --wsrep-on=OFF --skip-test-db --auth-root-authentication-method=normal "
        . "--skip-name-resolve --force $as >$log 2>&1 </dev/null") == 0 or croak 'mariadb-install-db: ' . _read($log);
    open my $in, '|-', "mariadbd --defaults-file=$dir/my.cnf --wsrep-on=OFF --bootstrap >>$log 2>&1" or croak $!;
    print {$in} <<"END";
FLUSH PRIVILEGES;
CREATE DATABASE obi CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE USER obi_owner\@localhost IDENTIFIED BY '$password';
GRANT ALL ON obi.* TO obi_owner\@localhost;
CREATE USER obi\@localhost IDENTIFIED BY '$password';
GRANT SELECT, INSERT, UPDATE, DELETE ON obi.* TO obi\@localhost;
END
    close $in or croak 'the users were not made: ' . _read($log);
    return;
}

# Returns when the node serves.
sub start {
    my ($self, $n, @more) = @_;
    my $dir = "$self->{dir}/$n";
    mkdir "$dir/data";
    $self->_own("$dir/data");
    my $pid = fork // croak $!;
    if ($pid == 0) {
        open STDOUT, '>>', "$dir.log";
        open STDERR, '>&', \*STDOUT;
        exec 'mariadbd', "--defaults-file=$dir/my.cnf", @more or POSIX::_exit(127);
    }
    $self->{pid}[$n] = $pid;
    my $end = time + 60;
    until (($self->status($n, 'wsrep_ready') // '') eq 'ON') {
        croak "node $n does not start:\n" . _read("$dir.log") if time > $end || waitpid($pid, POSIX::WNOHANG()) == $pid;
        sleep 0.1;
    }
    return;
}

sub kill {
    my ($self, $n) = @_;
    CORE::kill('KILL', $self->{pid}[$n]);
    waitpid $self->{pid}[$n], 0;
    $self->{pid}[$n] = 0;
    unlink "$self->{dir}/$n.sock";
    return;
}

# The rows of a statement, as the node's root; undef when it does not answer.
sub sql {
    my ($self, $n, $statement) = @_;
    my $pid = open(my $out, '-|') // croak $!;
    if ($pid == 0) {
        open STDERR, '>', '/dev/null';
        exec 'mariadb', '--no-defaults', '-uroot', "-S$self->{dir}/$n.sock", '-BNe', $statement or POSIX::_exit(127);
    }
    my @rows = map { chomp; [ split /\t/, $_, -1 ] } <$out>;
    return close $out ? \@rows : undef;
}
sub status {
    my ($self, $n, $name) = @_;
    return undef if !-S "$self->{dir}/$n.sock";
    my $rows = $self->sql($n, "SHOW STATUS LIKE '$name'");
    return $rows && @$rows ? $rows->[0][1] : undef;
}

sub _read { my ($file) = @_; open my $in, '<', $file or return ''; local $/; return <$in> // '' }

1;
