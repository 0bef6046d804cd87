package OBI::Story;

# Learners with badges and collections, for tests of what others see of them.
#
#   my $story = OBI::Story->new($stack, 'displayer');
#   my $email = $story->address('ada');
#   my ($badge) = $story->import($email, $story->issuer->badge('one', to => $email));
#   my $group = $story->collection($email, 'Woodwork', 1, $badge->{id});
#   my $doc = $story->json("/displayer/" . $story->user_id($email) . "/group/$group.json");

use strict;
use warnings;
use Carp qw(croak);
use Encode ();
use HTTP::Tiny;
use JSON::PP ();
use OBI::Issuer;

sub new {
    my ($class, $stack, $name) = @_;
    my $run = sprintf '%s%d-%d', $name, time, $$;
    # An address of its own, so that limits for each client do not bind one test to another.
    my $address = sprintf '127.%d.%d.1', 60 + $$ % 60, 1 + int($$ / 60) % 250;
    return bless {
        stack => $stack, run => $run,
        http => HTTP::Tiny->new(max_redirect => 0, timeout => 30, local_address => $address),
        issuer => OBI::Issuer->new(root => $stack->var . '/demo/www', url => $stack->demo, name => $run),
    }, $class;
}

sub issuer { $_[0]{issuer} }
sub http   { $_[0]{http} }
sub address { "$_[0]{run}-$_[1]\@example.org" }

# An answer of HTTP::Tiny: { status, headers, content }. No redirect is followed, no cookie kept.
sub get {
    my ($self, $path, %headers) = @_;
    my $url = $path =~ m{^https?://} ? $path : $self->{stack}->base . $path;
    return $self->{http}->get($url, { headers => \%headers });
}
# Its JSON; a text that says so when it is none.
sub decode {
    my ($self, $answer) = @_;
    return eval { JSON::PP->new->utf8->allow_nonref->decode($answer->{content}) }
        // "no JSON but $answer->{status}: " . substr $answer->{content}, 0, 200;
}
sub json { my ($self, $path) = @_; return $self->decode($self->get($path)) }

sub tool {
    my ($self, @args) = @_;
    my ($status, $out, $err) = $self->{stack}->obi(map { Encode::encode_utf8($_) } @args);
    croak "obi @args: status $status: $out$err" if $status != 0;
    return $out;
}

# The badges as `obi import` says them, one object for each address.
sub import_all {
    my ($self, $email, @urls) = @_;
    $self->tool('user', 'add', $email) unless $self->{known}{$email}++;
    return map { JSON::PP->new->utf8->decode($_) } split /\n/, $self->tool('import', '--user', $email, @urls);
}

# The id of a new collection.
sub collection {
    my ($self, $email, $name, $public, @badges) = @_;
    my $out = $self->tool('collection', 'add', '--user', $email, '--name', $name, ($public ? '--public' : ()),
        map { ('--badge', $_) } @badges);
    my ($id) = $out =~ /(\d{2,})/ or croak "no id: $out";
    return 0 + $id;
}

# As the display API finds them.
sub user_id {
    my ($self, $email) = @_;
    my $answer = $self->{http}->post_form($self->{stack}->base . '/displayer/convert/email', { email => $email });
    return $self->decode($answer)->{userId} // croak "nobody is $email: $answer->{content}";
}

# A browser in which the learner is signed in.
sub browser {
    my ($self, $email) = @_;
    return $self->{browsers}{$email} //= $self->{stack}->browser->sign_in($email);
}

# Sets who sees a collection: private, link or public, by the page's own form.
sub show_collection {
    my ($self, $email, $id, $visibility, $name) = @_;
    my $browser = $self->browser($email);
    $browser->get("/collections/$id");
    my $reply = $browser->post_form("/collections/$id/change",
        { name => $name // 'Renamed', description => '', visibility => $visibility, confirmed => 1 });
    croak "the change was refused: " . $reply->status_line . "\n" . $reply->decoded_content if $reply->code != 303;
    return $reply;
}

1;
