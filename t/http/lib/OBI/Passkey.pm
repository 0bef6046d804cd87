package OBI::Passkey;

# An authenticator with one passkey (ES256), for the HTTP tests.
#
#   my $passkey = OBI::Passkey->new;
#   $passkey->add($learner);                  # as the settings' form does
#   my $reply = $passkey->sign_in($browser);  # as the sign-in page does
#   my %form = $passkey->answer($browser);    # what that sends, not yet sent

use strict;
use warnings;
use Carp qw(croak);
use Digest::SHA qw(sha256);
use File::Temp ();
use JSON::PP qw(decode_json encode_json);
use MIME::Base64 qw(encode_base64url);

sub new {
    my ($class) = @_;
    my $key = File::Temp->new;
    system("openssl ecparam -name prime256v1 -genkey -noout -out $key") == 0 or croak 'no key';
    my $public = substr `openssl ec -in $key -pubout -outform DER 2>/dev/null`, -64;
    return bless { key => $key, public => $public, id => sha256($public), count => 0 }, $class;
}

sub add {
    my ($self, $learner) = @_;
    $learner->get('/settings');
    my ($x, $y) = unpack 'a32 a32', $self->{public};
    my $cose = "\xA5\1\2\3\x26\x20\1\x21\x58\x20$x\x22\x58\x20$y";
    my $reply = $learner->post_form('/settings/passkeys', { name => 'Mine', algorithm => -7,
        _answered($learner, 'create', 0x45, $self->_count, "\0" x 16 . pack('n/a*', $self->{id}) . $cose) });
    $reply->code == 303 or croak 'the passkey was refused: ' . $reply->decoded_content;
    return $self;
}

sub answer {
    my ($self, $browser) = @_;
    my %form = _answered($browser, 'get', 0x05, $self->_count, '');
    my $signed = MIME::Base64::decode_base64url($form{auth_data}) . sha256(MIME::Base64::decode_base64url($form{client_data}));
    my $file = File::Temp->new;
    print {$file} $signed;
    close $file;
    return (%form, credential => encode_base64url($self->{id}),
        signature => encode_base64url(scalar `openssl dgst -sha256 -sign $self->{key} $file`));
}
sub sign_in { my ($self, $browser) = @_; return $browser->post_form('/signin/passkey', { $self->answer($browser) }) }

sub _count { my ($self) = @_; return pack 'N', ++$self->{count} }

sub _answered {
    my ($browser, $type, $flags, $count, $more) = @_;
    my $asked = decode_json($browser->post_form('/passkey/challenge', {}, Accept => 'application/json')->content);
    my %client = (type => "webauthn.$type", challenge => $asked->{challenge}, origin => $browser->{stack}->base);
    return (client_data => encode_base64url(encode_json(\%client)),
        auth_data => encode_base64url(sha256($asked->{rp}{id}) . chr($flags) . $count . $more));
}

1;
