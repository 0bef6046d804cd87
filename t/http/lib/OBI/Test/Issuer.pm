package OBI::Test::Issuer;

# An issuer that behaves badly, on a port of its own.
#
#   my $issuer = OBI::Test::Issuer->new(address => '127.0.0.1');
#   $issuer->url('/silent');      # takes the request and says nothing for 30 s
#   $issuer->url('/drip');        # a byte every second, for ever
#   $issuer->url('/endless');     # a body without an end
#   $issuer->url('/loop');        # redirects to itself
#   $issuer->url('/to/http://…'); # redirects there
#   $issuer->url('/json');        # a small document
#   $issuer->seen                 # how many connections it has had

use strict;
use warnings;
use Carp qw(croak);
use IO::Socket::INET;
use POSIX qw(_exit);

sub new {
    my ($class, %option) = @_;
    my $socket = IO::Socket::INET->new(
        LocalAddr => $option{address} // '127.0.0.1',
        LocalPort => $option{port} // 0,
        Listen    => 64,
        ReuseAddr => 1,
    ) or croak "issuer: $!";
    my $self = bless {
        host  => $option{address} // '127.0.0.1',
        port  => $socket->sockport,
        owner => $$,
        file  => "/tmp/obi-issuer.$$." . $socket->sockport,
    }, $class;
    my $pid = fork // croak "fork: $!";
    if ($pid == 0) {
        setpgrp;
        $self->_serve($socket);
        _exit(0);
    }
    $self->{pid} = $pid;
    return $self;
}

sub port { $_[0]{port} }
sub url { my ($self, $path) = @_; return "http://$self->{host}:$self->{port}$path" }
sub seen { my ($self) = @_; return -s $self->{file} // 0 }

sub _serve {
    my ($self, $socket) = @_;
    local $SIG{CHLD} = 'IGNORE';
    local $SIG{PIPE} = 'IGNORE';
    while (my $client = $socket->accept) {
        open my $note, '>>', $self->{file};
        print {$note} '.';
        close $note;
        next if fork;
        $client->autoflush(1);
        my ($line, $path) = scalar <$client>;
        ($path) = ($line // '') =~ m{^\S+ (\S+)};
        while (defined($line = <$client>)) { last if $line =~ /^\r?\n/ }
        _answer($client, $path // '/');
        _exit(0);
    }
    return;
}

sub _answer {
    my ($client, $path) = @_;
    my $ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    if ($path =~ m{^/silent}) {
        sleep 30;
        print {$client} "$ok\r\n{}";
    } elsif ($path =~ m{^/drip}) {
        print {$client} "$ok\r\n" or return;
        while (print {$client} ' ') { sleep 1 }
    } elsif ($path =~ m{^/endless}) {
        print {$client} "$ok\r\n" or return;
        my $block = ' ' x 65536;
        1 while print {$client} $block;
    } elsif ($path =~ m{^/loop}) {
        print {$client} "HTTP/1.1 302 Found\r\nLocation: $path\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    } elsif ($path =~ m{^/to/(.*)}) {
        print {$client} "HTTP/1.1 302 Found\r\nLocation: $1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    } else {
        print {$client} "${ok}Content-Length: 2\r\nConnection: close\r\n\r\n{}";
    }
    return;
}

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$ || !$self->{pid};
    local ($?, $!);
    kill KILL => -$self->{pid}, $self->{pid};
    waitpid $self->{pid}, 0;
    unlink $self->{file};
    return;
}

1;
