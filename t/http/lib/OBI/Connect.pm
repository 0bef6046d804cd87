package OBI::Connect;

# A site that uses Backpack Connect: it sends learners to /access, and its server asks /api.
#
#   my $site = OBI::Connect->new($stack, callback => $stack->demo . '/back');
#   my $got = $site->connect($stack->browser->sign_in($email));         # the answer's query, as a hash
#   my $reply = $site->api(GET => 'identity', $got->{access_token});    # an HTTP::Response

use strict;
use warnings;
use Carp qw(croak);
use HTTP::Request;
use MIME::Base64 qw(encode_base64);
use URI;

sub new {
    my ($class, $stack, %option) = @_;
    return bless { stack => $stack, browser => $stack->browser, callback => $option{callback} }, $class;
}

# The page's address; options replace or add to its query, undef leaves out.
sub access_path {
    my ($self, %option) = @_;
    my %query = (callback => $self->{callback}, scope => 'issue', %option);
    my $url = URI->new('/access');
    $url->query_form([ map { defined $query{$_} ? ($_ => $query{$_}) : () } sort keys %query ]);
    return "$url";
}
# The page's form, sent as the learner would: the reply.
sub accept {
    my ($self, $learner, %option) = @_;
    my $page = $learner->get($self->access_path(%option));
    $page->code == 200 or croak 'no page: ' . $page->status_line . ' ' . $page->decoded_content;
    my ($form) = $page->decoded_content =~ m{<form[^>]*action="/accept">(.*?)</form>}s or croak 'no form: ' . $page->decoded_content;
    my %field;
    while ($form =~ /name="(\w+)" value="([^"]*)"/g) {
        my ($name, $value) = ($1, $2);
        $value =~ s/&amp;/&/g;
        $value =~ s/&#(?:39|x27);/'/g;
        $value =~ s/&lt;/</g;
        $value =~ s/&gt;/>/g;
        $value =~ s/&quot;/"/g;
        $field{$name} = $value;
    }
    return $learner->post('/accept', \%field);
}
# What the answer's address says.
sub said {
    my ($class, $reply) = @_;
    my %said = URI->new($reply->header('Location') // '')->query_form;
    return \%said;
}
sub connect {
    my ($self, $learner, %option) = @_;
    my $reply = $self->accept($learner, %option);
    $reply->code == 303 or croak 'refused: ' . $reply->status_line . ' ' . $reply->decoded_content;
    return $self->said($reply);
}

# A server's request. form: fields; plain: the token as it is, not in base64; others are headers.
sub api {
    my ($self, $method, $name, $token, %option) = @_;
    my ($form, $plain, $content, $type) = delete @option{qw(form plain content type)};
    my @headers = %option;
    push @headers, Authorization => 'Bearer ' . ($plain ? $token : encode_base64($token, '')) if defined $token;
    if ($form) {
        my $body = URI->new('http:');
        $body->query_form(ref $form eq 'HASH' ? [ map { $_ => $form->{$_} } sort keys %$form ] : $form);
        ($content, $type) = ($body->query, 'application/x-www-form-urlencoded');
    }
    push @headers, 'Content-Type' => $type if $type;
    return $self->{browser}->request(HTTP::Request->new($method, "/api/$name", \@headers, $content));
}
sub refresh { my ($self, $token, %header) = @_; return $self->api(POST => 'token', undef, form => { grant_type => 'refresh_token', refresh_token => $token }, %header) }

1;
