package OBI::Test::Browser;

# A visitor: cookies, an address of its own, and what a person would do with pages. Redirects are not followed,
# so that a test sees them; `follow` does one.

use strict;
use warnings;
use Carp qw(croak);
use HTTP::Cookies;
use HTTP::Request::Common qw(POST);
use HTTP::Response;
use IO::Socket::INET;
use LWP::UserAgent;
use URI;

my $count = 0;

# address => one of 127/8 to come from (another of its own by default)
sub new {
    my ($class, %option) = @_;
    my $address = $option{address} // sprintf '127.%d.%d.%d', 1 + $$ / 250 % 250, 1 + $$ % 250, ++$count % 250 + 1;
    my $agent = LWP::UserAgent->new(
        agent                 => 'OBI-Test',
        cookie_jar            => HTTP::Cookies->new,
        local_address         => $address,
        requests_redirectable => [],
        timeout               => $option{timeout_s} // 60,
        max_size              => undef,
    );
    return bless { stack => $option{stack}, agent => $agent, address => $address, csrf => undef }, $class;
}

sub agent { $_[0]{agent} }

sub url {
    my ($self, $path) = @_;
    return $path =~ m{^https?://} ? $path : $self->{stack}->base . $path;
}

# get(path, header => value ...): an HTTP::Response
sub get {
    my ($self, $path, @headers) = @_;
    return $self->_remember($self->{agent}->get($self->url($path), @headers));
}
sub head {
    my ($self, $path, @headers) = @_;
    return $self->{agent}->head($self->url($path), @headers);
}
# Any request, an HTTP::Request whose address may be a path.
sub request {
    my ($self, $request) = @_;
    $request->uri($self->url($request->uri));
    return $self->_remember($self->{agent}->request($request));
}
# post(path, fields, header => value ...): as it is, without `_csrf`.
sub post {
    my ($self, $path, $fields, @headers) = @_;
    return $self->_remember($self->{agent}->request(POST($self->url($path), @headers, Content => $fields)));
}
# The same form `times` times at once, each from a connection of its own, so that limits of a second do not depend
# on how fast this machine is: all are sent before any answer is read. `headers` gives those of one request, or is
# left out; so may `fields`, each called with the request's number. The HTTP::Responses.
sub post_at_once {
    my ($self, $path, $fields, $times, $headers) = @_;
    my $url = URI->new($self->{stack}->base);
    my @open = map {
        my $request = POST($self->url($path), $headers ? $headers->($_) : (), Content => ref $fields eq 'CODE' ? $fields->($_) : $fields,
            Host => $url->host_port, Connection => 'close');
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $url->port, LocalAddr => $self->{address})
            // croak "cannot connect: $@";
        # As written: the library would tidy a path that a test wants odd.
        print {$socket} "POST $path HTTP/1.1\r\n", $request->headers->as_string("\r\n"), "\r\n", $request->content;
        $socket->flush;
        $socket;
    } 1 .. $times;
    # Closed at once: nginx would count a connection that lingers as one that is served.
    return map { my $socket = $_; local $/; my $answer = <$socket>; close $socket; HTTP::Response->parse($answer) } @open;
}
# A form of ours: with the `_csrf` of the page seen last, or of the sign-in page.
# A field that is a reference to an array is a file: [path, name, Content => bytes ...] as in
# HTTP::Request::Common; the form is multipart then.
sub post_form {
    my ($self, $path, $fields, @headers) = @_;
    my @list = ref $fields eq 'HASH' ? map { $_ => $fields->{$_} } sort keys %$fields : @{ $fields // [] };
    my @type = (grep { ref } @list) ? (Content_Type => 'form-data') : ();
    return $self->post($path, [ _csrf => $self->csrf, @list ], @type, @headers);
}
sub csrf {
    my ($self) = @_;
    $self->get('/signin') unless defined $self->{csrf};
    return $self->{csrf} // croak 'no page with a `_csrf` field was seen';
}
# Uploads pictures to the backpack: paths, or [name, bytes].
sub upload {
    my ($self, @pictures) = @_;
    my @fields = map {
        ref $_
            ? (badge => [ undef, $_->[0], Content => $_->[1] ])
            : (badge => [$_])
    } @pictures;
    $self->get('/backpack/add');
    return $self->post_form('/backpack/add', \@fields);
}

# The page a redirect leads to.
sub follow {
    my ($self, $reply) = @_;
    my $to = $reply->header('Location') // croak 'not a redirect: ' . $reply->status_line;
    return $self->get(URI->new_abs($to, $reply->request->uri)->as_string);
}

# Signs in as a person would: asks for the mail, opens its link, confirms.
sub sign_in {
    my ($self, $email) = @_;
    my $link = $self->sign_in_link($email);
    $self->get($link);
    my $reply = $self->post_form($link, {});
    $reply->code == 303 or croak 'the link did not sign in: ' . $reply->status_line . "\n" . $reply->decoded_content;
    $self->{csrf} = undef; # the session's forms have another
    $self->follow($reply);
    return $self;
}
# Asks for a mail and gives the link in it.
sub sign_in_link {
    my ($self, $email) = @_;
    $self->get('/signin');
    my $reply = $self->post_form('/signin', { email => $email });
    $reply->code < 400 or croak 'the sign-in form was refused: ' . $reply->status_line . "\n" . $reply->decoded_content;
    my $mail = $self->{stack}->mail_for($email) // croak "no mail came for $email";
    my ($link) = $mail =~ m{(https?://\S+/signin/[^\s">]+)} or croak "no link in the mail:\n$mail";
    return $link;
}

# What a page says, without what every page of its kind has of its own: tokens of forms, and the addresses
# `<name>-<number>@example.org`.
sub words_of {
    my ($self, $reply, $name) = @_;
    my $text = $reply->decoded_content;
    $text =~ s/\Q$name\E-\d+\@example\.org/ADDRESS/g;
    $text =~ s/name="_csrf" value="[^"]*"/CSRF/g;
    return $text;
}

sub _remember {
    my ($self, $reply) = @_;
    if ($reply->content_type eq 'text/html' && (my $text = $reply->decoded_content)) {
        $self->{csrf} = $1
            if $text =~ /name="_csrf"\s+value="([^"]+)"/ || $text =~ /value="([^"]+)"\s+name="_csrf"/;
    }
    return $reply;
}

1;
