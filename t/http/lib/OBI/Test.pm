package OBI::Test;

# A stack for the HTTP tests, and what they do with it.
#
#   use FindBin; use lib "$FindBin::Bin/lib"; use OBI::Test;
#   my $stack = OBI::Test->stack;                      # shared by all tests of one t/run
#   my $stack = OBI::Test->private(conf => "fetch.timeout = 500\n");   # of this test alone
#   my $learner = $stack->browser;                     # a cookie jar and a loopback address of its own
#   $learner->sign_in('ann@example.org');
#   my $reply = $learner->post_form('/collections', { name => 'Mine' });   # adds `_csrf`
#   is $reply->code, 303;
#   my ($status, $out, $err) = $stack->obi('user', 'list');
#   $stack->clock(3600);                               # an hour ahead of the real time
#   my $badges = $stack->badges_for('ann@example.org');
#   $learner->upload($badges->{'first-flight'}{picture});
#   my $rows = $stack->sql('SELECT ... FROM ...');
#   $stack->kill('primary'); $stack->start('primary');
#   $stack->expect_log(qr/STORE_DOWN/);                # lines above warning that belong to this test

use strict;
use warnings;
use Carp qw(croak);
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use JSON::PP qw(decode_json);
use MIME::QuotedPrint qw(decode_qp);
use Test::More ();
use Time::HiRes qw(sleep time);
use OBI::Test::Browser;

our $TOP = abs_path(dirname(__FILE__) . '/../../../..');
my $shared;

sub stack {
    my ($class) = @_;
    return $shared //= $ENV{OBI_TEST_VAR} ? $class->_at($ENV{OBI_TEST_VAR}) : $class->private;
}

# A stack that ends with the test. `conf` is text over the default settings; `quiet_logs => 0` leaves out the
# look through its logs at the end.
sub private {
    my ($class, %option) = @_;
    my $var = tempdir('/tmp/obi-test.XXXXXX', CLEANUP => !$ENV{OBI_KEEP});
    my @conf;
    chmod 0755, $var;
    if (defined $option{conf}) {
        _write("$var/test.conf", $option{conf});
        @conf = ("$var/test.conf");
    }
    system("$TOP/t/stack", 'up', $var, @conf) == 0 or croak 'the stack did not start';
    my $self = $class->_at($var);
    $self->{owner} = $$;
    $self->{check} = $option{quiet_logs} // 1;
    push @OBI::Test::OWNED, $self;
    return $self;
}

END {
    my $status = $?;
    for my $stack (grep { $_->{owner} == $$ } @OBI::Test::OWNED) {
        $stack->stop(qw(read app fetch fetch-anon signin jobs recheck));
        if ($stack->{check} && (my @bad = $stack->bad_log_lines)) {
            Test::More::diag("in the stack's logs: $_") for @bad;
            $status ||= 1;
        }
        system("$TOP/t/stack", 'down', $stack->{var});
    }
    $? = $status;
}

sub _at {
    my ($class, $var) = @_;
    my ($port) = _read("$var/settings") =~ /^PORT=(\d+)/m or croak "no stack in $var";
    return bless {
        var  => $var,
        port => $port,
        base => "http://localhost:$port",
        demo => 'http://127.0.0.1:' . ($port + 1),
        metrics => 'http://127.0.0.1:' . ($port + 2),
        seen => {},
    }, $class;
}

sub var  { $_[0]{var} }
sub port { $_[0]{port} }
sub base { $_[0]{base} }
sub demo { $_[0]{demo} }    # the demo issuer
sub metrics { $_[0]{metrics} }    # figures, for 127.0.0.1 alone

# A user agent with cookies; see OBI::Test::Browser. Each has its own address, so that limits for each client
# do not bind one test to another.
sub browser { my ($self, %option) = @_; return OBI::Test::Browser->new(stack => $self, %option) }

# One new mail to that address, decoded, as text with its header; waits for it. Each is given once.
sub mail_for {
    my ($self, $address, $timeout_s) = @_;
    my $end = time + ($timeout_s // 60);
    while (1) {
        for my $file (sort { -M $b <=> -M $a } glob "$self->{var}/mail/*.eml") {
            next if $self->{seen}{$file} || $file =~ /\.(?:tmp|new)$/ || !-s $file;
            my $mail = _read($file);
            next unless $mail =~ /^To:[^\n]*\Q$address\E/mi;
            $self->{seen}{$file} = 1;
            $mail = decode_qp($mail) if $mail =~ /^Content-Transfer-Encoding:\s*quoted-printable/mi;
            $mail =~ s/\r\n/\n/g;
            return $mail;
        }
        return undef if time > $end;
        sleep 0.05;
    }
}

# Runs the tool with this stack's configuration: its exit status, what it printed, what it complained.
sub obi {
    my ($self, $verb, @args) = @_;
    my $err = "$self->{var}/obi-stderr.$$";
    my $pid = open(my $out, '-|') // croak "fork: $!";
    if ($pid == 0) {
        open STDERR, '>', $err;
        $ENV{OBI_CLOCK_FILE} = "$self->{var}/clock";
        exec "$TOP/build/dev/obi", $verb, @args, '--conf', "$self->{var}/obi.conf" or exit 127;
    }
    local $/;
    my $text = <$out>;
    close $out;
    my $status = $? >> 8;
    $status = 128 + ($? & 127) if $? & 127;
    my $complaint = _read($err);
    unlink $err;
    return ($status, $text // '', $complaint);
}

# The demo issuer's badges for an address: { slug => { picture => file, assertion => URL, name, version, note } }.
# The slugs: first-flight night-sky team-player river-keeper map-reader story-teller, first-aid (expired),
# bridge-builder and gone (revoked).
sub badges_for {
    my ($self, $email) = @_;
    open my $out, '-|', "$TOP/deploy/demo/make", '--var', $self->{var}, '--build', "$TOP/build/dev", '--port',
        $self->{port}, '--email', $email or croak "deploy/demo/make: $!";
    my %made = map { my $line = decode_json($_); $line->{slug} => $line } <$out>;
    close $out or croak 'deploy/demo/make failed';
    return \%made;
}

# Moves the time of every program of the stack to so many seconds from the real time.
sub clock {
    my ($self, $offset_s) = @_;
    _write("$self->{var}/clock.new", "$offset_s\n");
    rename "$self->{var}/clock.new", "$self->{var}/clock" or croak "clock: $!";
    return;
}

# The rows of a statement, each a reference to its columns as text; on the primary, or the server named.
sub sql {
    my ($self, $statement, $server) = @_;
    $statement =~ s/'/'\\''/g;
    open my $out, '-|', "printf '%s' '$statement' | $TOP/deploy/part sql --var $self->{var} "
        . ($server // 'primary') or croak "sql: $!";
    my @rows = map { chomp; [ split /\t/, $_, -1 ] } <$out>;
    close $out or croak "sql failed: $statement";
    return \@rows;
}

# What `start` starts goes by the stack's clock, or by a file that a test names for a while:
#   local $stack->{clock_file} = ...;
# The parts: primary, replica, memcached, read, app, fetch, fetch-anon, signin, jobs, recheck, nginx.
for my $verb (qw(start stop reload kill pause continue)) {
    no strict 'refs';
    *$verb = sub {
        my ($self, @parts) = @_;
        local $ENV{OBI_CLOCK_FILE} = $self->{clock_file} // "$self->{var}/clock";
        system("$TOP/deploy/part", $verb, '--var', $self->{var}, @parts) == 0
            or croak "deploy/part $verb @parts failed";
        return;
    };
}
sub pid { my ($self, $part) = @_; my $pid = `$TOP/deploy/part pid --var $self->{var} $part`; return 0 + $pid }
# The processes of a part below its keeper: the workers of a pool.
sub workers { my ($self, $part) = @_; return grep { $_ } split /\s+/, `pgrep -P @{[$self->pid($part)]}` }

# Whether a condition comes true in time.
sub wait_until {
    my ($self, $timeout_s, $condition) = @_;
    my $end = time + $timeout_s;
    until ($condition->()) {
        return 0 if time > $end;
        sleep 0.05;
    }
    return 1;
}

# The lines of a part's log: decoded where they are JSON. nginx's are `nginx-access`.
sub log_lines {
    my ($self, $part) = @_;
    return map { my $line = $_; eval { decode_json($line) } // { text => $line } }
        split /\n/, _read("$self->{var}/log/$part.log");
}
sub log_text { my ($self, $part) = @_; return _read("$self->{var}/log/$part.log") }

# Lines that match may be above warning: this test provokes them.
sub expect_log {
    my ($self, @patterns) = @_;
    open my $file, '>>', "$self->{var}/expected-log" or croak "expected-log: $!";
    print {$file} "$_\n" for @patterns;
    close $file;
    return;
}
# What should not stand in the logs: sanitizer reports, and lines above warning that nobody expected.
sub bad_log_lines {
    my ($self) = @_;
    my @expected = map { chomp; qr/$_/ } split /^/, _read("$self->{var}/expected-log");
    my @bad;
    for my $file (glob "$self->{var}/log/*.log") {
        my $report = 0;
        for my $line (split /\n/, _read($file)) {
            # Of a report, the lines that say where.
            $report = 12 if $line =~ /Sanitizer|runtime error:|Assertion .* failed/;
            next unless $report-- > 0 || $line =~ /"level":"error"|\[(?:error|crit|alert|emerg)\]/;
            next if $line =~ /client intended to send too large body/; # it was told so
            # A busy machine is late by the 50 ms that nginx waits; a worker then has the document.
            next if $line =~ m{upstream timed out .* subrequest: "/memcached"};
            next if grep { $line =~ $_ } @expected;
            push @bad, "$file: $line";
            last if @bad > 40;
        }
    }
    return @bad;
}
sub check_logs {
    my ($self) = @_;
    my @bad = $self->bad_log_lines;
    Test::More::ok(!@bad, 'the logs hold no sanitizer report and no unexpected error');
    Test::More::diag($_) for @bad;
    return;
}

sub _read {
    my ($file) = @_;
    open my $in, '<:raw', $file or return '';
    local $/;
    return <$in> // '';
}
sub _write {
    my ($file, $text) = @_;
    open my $out, '>:raw', $file or croak "$file: $!";
    print {$out} $text;
    close $out or croak "$file: $!";
    return;
}

1;
