package OBI::OpenID;

# An OpenID Provider in a process of its own, lib/provider.mjs:
#
#   my $provider = OBI::OpenID->new;
#   "oidc.provider = school $provider->{root} obi\nfetch.allow_net = 127.0.0.1/32:$provider->{port}\n"
#   my @asked = $provider->says(status => { '/token' => 500 });   # what it answers next; what it was asked since the last time

use strict;
use warnings;
use Carp qw(croak);
use File::Basename qw(dirname);
use HTTP::Tiny;
use IO::Socket::INET;
use JSON::PP qw(decode_json encode_json);

sub new {
    my ($class) = @_;
    my $probe = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or croak "no port: $@";
    my $port = $probe->sockport;
    close $probe;
    my $pid = open(my $out, '-|', 'node', dirname(__FILE__) . '/../provider.mjs', $port) || croak "node: $!";
    (<$out> // '') =~ /ready/ or croak 'the provider did not start';
    return bless { port => $port, root => "http://127.0.0.1:$port", pid => $pid, out => $out, owner => $$ }, $class;
}

sub says {
    my ($self, %what) = @_;
    my $answer = HTTP::Tiny->new(timeout => 10)->post("$self->{root}/control", { content => encode_json(\%what) });
    croak "control: $answer->{status}" unless $answer->{success};
    return @{ decode_json($answer->{content}) };
}

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$;
    local ($?, $!);
    kill TERM => $self->{pid};
    return;
}

1;
