package OBI::Issuer;

# Badges made for a test: written into the folder that the demo issuer's web server serves.

use strict;
use warnings;
use Compress::Zlib ();
use Digest::SHA qw(sha256_hex);
use Encode ();
use File::Path qw(make_path);
use JSON::PP ();

# root: the folder; url: what serves it; name: a folder of this test's own in it.
sub new {
    my ($class, %o) = @_;
    my $self = bless { dir => "$o{root}/$o{name}", url => "$o{url}/$o{name}" }, $class;
    make_path($self->{dir});
    chmod 0755, $self->{dir};
    return $self;
}

sub url { "$_[0]{url}/$_[1]" }

# Puts a file there; a reference is written as JSON. Returns its address.
sub put {
    my ($self, $name, $content) = @_;
    $content = JSON::PP->new->utf8->canonical->encode($content) if ref $content;
    my $file = "$self->{dir}/$name";
    open my $out, '>:raw', "$file.new" or die "$file: $!";
    print {$out} $content;
    close $out or die "$file: $!";
    chmod 0644, "$file.new";
    rename "$file.new", $file or die "$file: $!";
    return $self->url($name);
}

sub chunk {
    my ($type, $data) = @_;
    return pack('N', length $data) . $type . $data . pack('N', Compress::Zlib::crc32($type . $data));
}

# A square PNG of one colour.
sub png {
    my (@rgb) = @_ ? @_ : (200, 80, 40);
    my $side = 16;
    my $rows = ("\0" . pack('C3', @rgb) x $side) x $side;
    return "\x89PNG\r\n\x1a\n" . chunk('IHDR', pack('NNCCCCC', $side, $side, 8, 2, 0, 0, 0))
        . chunk('IDAT', Compress::Zlib::compress($rows)) . chunk('IEND', '');
}

sub svg {
    my ($inside) = @_;
    $inside //= '<circle cx="8" cy="8" r="8" fill="#c52"/>';
    return qq{<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">$inside</svg>};
}

# A hosted Open Badges 2.0 badge with everything it needs.
#   to: the address it is issued to; plain: in clear; name, description, issuer: texts; picture: bytes;
#   svg: the picture is SVG; assertion, class, profile: members to add or replace;
#   of: the address of a class that is there, instead of one of its own.
# Returns the assertion's address.
sub badge {
    my ($self, $id, %o) = @_;
    my $class = $o{of} // $self->class_and_issuer($id, %o);
    my $salt = "salt-$id";
    return $self->put("$id.json", {
        '@context' => 'https://w3id.org/openbadges/v2', type => 'Assertion', id => $self->url("$id.json"),
        recipient => $o{plain}
        ? { type => 'email', hashed => JSON::PP::false, identity => $o{to} }
        : { type => 'email', hashed => JSON::PP::true, salt => $salt,
            identity => 'sha256$' . sha256_hex(Encode::encode_utf8($o{to}) . $salt) },
        badge => $class, verification => { type => 'HostedBadge' }, issuedOn => '2026-01-02T03:04:05Z',
        %{ $o{assertion} // {} } });
}

# A badge class with its picture and its issuer; as above. Returns its address.
sub class_and_issuer {
    my ($self, $id, %o) = @_;
    my $kind = $o{svg} ? 'svg' : 'png';
    my $picture = $self->put("$id.$kind", $o{picture} // ($o{svg} ? svg() : png(map { hex } unpack '(a2)3', sha256_hex($id))));
    my $context = 'https://w3id.org/openbadges/v2';
    my $profile = $self->put("$id-issuer.json", {
        '@context' => $context, type => 'Issuer', id => $self->url("$id-issuer.json"),
        name => $o{issuer} // 'The workshop', url => $self->{url}, email => 'contact@issuer.example',
        %{ $o{profile} // {} } });
    return $self->put("$id-class.json", {
        '@context' => $context, type => 'BadgeClass', id => $self->url("$id-class.json"),
        name => $o{name} // "Badge $id", description => $o{description} // 'For the test.', image => $picture,
        criteria => { narrative => 'Being there.' }, issuer => $profile, %{ $o{class} // {} } });
}

# The same in Open Badges 0.5, all in one document. The picture's address is absolute.
sub badge_05 {
    my ($self, $id, %o) = @_;
    my $salt = "salt-$id";
    my ($origin) = $self->{url} =~ m{^(https?://[^/]+)};
    my $picture = $self->put("$id.png", $o{picture} // png(map { hex } unpack '(a2)3', sha256_hex($id)));
    return $self->put("$id.json", {
        recipient => $o{plain} ? $o{to} : 'sha256$' . sha256_hex(Encode::encode_utf8($o{to}) . $salt),
        ($o{plain} ? () : (salt => $salt)), issued_on => '2013-01-02',
        badge => { version => '0.5.0', name => $o{name} // "Badge $id", description => 'For the test.',
            image => $picture, criteria => $self->url("$id-criteria.html"),
            issuer => { origin => $origin, name => $o{issuer} // 'The workshop', contact => 'contact@issuer.example' } },
        %{ $o{assertion} // {} } });
}

# And in 1.0, by addresses.
sub badge_10 {
    my ($self, $id, %o) = @_;
    my $picture = $self->put("$id.png", $o{picture} // png(map { hex } unpack '(a2)3', sha256_hex($id)));
    my $issuer = $self->put("$id-issuer.json", { name => $o{issuer} // 'The workshop', url => $self->{url},
        email => 'contact@issuer.example', %{ $o{profile} // {} } });
    my $class = $self->put("$id-class.json", { name => $o{name} // "Badge $id", description => 'For the test.',
        image => $picture, criteria => $self->url("$id-criteria.html"), issuer => $issuer, %{ $o{class} // {} } });
    my $salt = "salt-$id";
    return $self->put("$id.json", {
        uid => $id, badge => $class, issuedOn => '2014-01-02',
        recipient => $o{plain}
        ? { type => 'email', hashed => JSON::PP::false, identity => $o{to} }
        : { type => 'email', hashed => JSON::PP::true, salt => $salt,
            identity => 'sha256$' . sha256_hex(Encode::encode_utf8($o{to}) . $salt) },
        verify => { type => 'hosted', url => $self->url("$id.json") }, %{ $o{assertion} // {} } });
}

1;
