package OBI::Test::Provider;

# A BrowserID provider: domains that answer on https, with a key each, and assertions they and their people sign.
#
#   my $provider = OBI::Test::Provider->new('idp.example');
#   my $stack = OBI::Test->private(conf => $provider->conf);
#   $provider->support('idp.example');                           # says that it vouches for its own; with 'max-age=60', to be kept
#   my $text = $provider->assertion(audience => $stack->base, email => 'ann@idp.example');

use strict;
use warnings;
use Carp qw(croak);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use JSON::PP ();
use Math::BigInt;
use MIME::Base64 qw(encode_base64url);
use OBI::Test ();
use Time::HiRes ();

sub new {
    my ($class, @domains) = @_;
    my $dir = tempdir('/tmp/obi-provider.XXXXXX', CLEANUP => 1);
    my $self = bless { dir => $dir, domains => \@domains, owner => $$ }, $class;
    chmod 0755, $dir;
    my $names = join ',', map { "DNS:$_" } @domains;
    $self->_shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=ca -keyout ca.key -out ca.pem"
            . " && openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout server.key -out server.csr"
            . " && echo subjectAltName=$names >ext && openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial"
            . " -days 30 -extfile ext -out server.pem && openssl genrsa -out issuer.key 2048 && openssl genrsa -out user.key 1024");
    make_path("$dir/.well-known");
    # It serves files whose names are the paths, queries included, as whole answers.
    $self->{pid} = open($self->{says}, '-|') // croak "fork: $!";
    if ($self->{pid} == 0) {
        chdir $dir;
        open STDERR, '>', '/dev/null';
        exec qw(openssl s_server -accept 127.0.0.1:0 -HTTP -key server.key -cert server.pem) or exit 127;
    }
    while (readline $self->{says}) { last if ($self->{port}) = /^ACCEPT 127\.0\.0\.1:(\d+)/ }
    $self->{port} or croak 'the provider did not start';
    return $self;
}

# The settings with which a stack finds it.
sub conf {
    my ($self) = @_;
    return join '', "fetch.cacert = $self->{dir}/ca.pem\nfetch.allow_net = 127.0.0.1/32:$self->{port} public\n",
        map { "fetch.connect_to = $_:443:127.0.0.1:$self->{port}\n" } @{ $self->{domains} };
}

# The domain vouches for its own.
sub support {
    my ($self, $domain, $kept) = @_;
    $kept //= 'no-store';
    my $doc = JSON::PP::encode_json({ 'public-key' => $self->key('issuer'), authentication => '/a', provisioning => '/b' });
    OBI::Test::_write("$self->{dir}/.well-known/browserid?domain=$domain",
        "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\nCache-Control: $kept\r\n\r\n$doc");
    return;
}

# A public key as certificates have it.
sub key {
    my ($self, $name) = @_;
    my ($n) = `openssl rsa -in $self->{dir}/$name.key -noout -modulus` =~ /=([0-9A-F]+)/ or croak "no key $name";
    return { algorithm => 'RS', n => Math::BigInt->from_hex($n)->bstr, e => '65537' };
}

sub sign {
    my ($self, $name, $alg, $payload) = @_;
    my $json = JSON::PP->new->canonical;
    my $text = join '.', map { encode_base64url($json->encode($_)) } { alg => $alg }, $payload;
    OBI::Test::_write("$self->{dir}/text", $text);
    my $signature = `openssl dgst -sha256 -sign $self->{dir}/$name.key $self->{dir}/text`;
    return "$text." . encode_base64url($signature);
}

# audience, email; issuer, key of the issuer, members of either payload to replace.
sub assertion {
    my ($self, %o) = @_;
    my $now = int(Time::HiRes::time * 1000);
    my ($domain) = $o{email} =~ /@(.*)/;
    my $certificate = $self->sign($o{signer} // 'issuer', $o{signer} && $o{signer} eq 'user' ? 'RS128' : 'RS256', {
        iss => $o{issuer} // $domain, iat => $now - 1000, exp => $now + 3_600_000, 'public-key' => $self->key('user'),
        principal => { email => $o{email} }, %{ $o{certificate} // {} } });
    return "$certificate~" . $self->sign('user', 'RS128', { exp => $now + 120_000, aud => $o{audience}, %{ $o{assertion} // {} } });
}

sub _shell {
    my ($self, $command) = @_;
    system("cd $self->{dir} && exec 2>log >&2 && $command") == 0 or croak "in $self->{dir}: $command";
    return;
}
sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$ || !$self->{pid};
    local ($?, $!);
    kill KILL => $self->{pid};
    waitpid $self->{pid}, 0;
    return;
}

1;
