#!/usr/bin/perl
# Where a visitor cannot send OBI: the same answer for every forbidden address, whether something is there or not.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP qw(decode_json);
use OBI::Test;
use OBI::Test::Issuer;
use Test::More;
use URI::Escape qw(uri_escape);

my $open   = OBI::Test::Issuer->new(address => '127.0.0.1');    # opened to everybody
my $inside = OBI::Test::Issuer->new(address => '127.0.0.4');    # opened to signed-in people
my $closed = OBI::Test::Issuer->new(address => '127.0.0.2');    # opened to nobody
my $stack  = OBI::Test->private(conf => "fetch.allow_net = 127.0.0.1/32 public\n"
        . 'fetch.allow_net = 127.0.0.4/32:' . $inside->port . "\nfetch.timeout = 3000\nfetch.deadline = 5000\n");

sub bake {
    my ($url) = @_;
    my $reply = $stack->browser->get('/baker?assertion=' . uri_escape($url));
    my $doc = eval { decode_json($reply->content) } // {};
    my $text = join ' ', $doc->{message} // '', $doc->{received} // '';
    $text =~ s/\Q$url\E/URL/g;
    return ($reply->code, $text);
}

# The report of the verifier: what it says of what it could not fetch.
sub verify {
    my ($url) = @_;
    my $doc = eval { decode_json($stack->browser->get('/verify?url=' . uri_escape($url))->content)->{report} } // {};
    my $text = join ' ', $doc->{outcome} // '', map { $_->{result} // $_->{cause} // '' } @{ $doc->{messages} }, @{ $doc->{documents} };
    $text =~ s/\Q$url\E/URL/g;
    return $text;
}

my ($status, $answer) = bake($closed->url('/json'));
is $status, 400, 'a loopback address is refused';
like $answer, qr/not open to us/, 'and the answer says so';
my @forbidden = (
    'http://127.0.0.2:1/', $inside->url('/json'), 'http://127.0.0.1:22/', 'http://localhost:25/', 'http://0.0.0.0/', 'http://10.0.0.1/',
    'http://100.64.0.1/', 'http://169.254.169.254/latest/meta-data/', 'http://172.16.0.1/', 'http://192.168.0.1/',
    'http://198.18.0.1/', 'http://192.0.2.1/', 'http://224.0.0.1/', 'http://255.255.255.255/', 'http://2130706434/',
    'http://0x7f.2/', 'http://[::1]/', 'http://[::]/', 'http://[::ffff:127.0.0.2]/', 'http://[::127.0.0.2]/',
    'http://[64:ff9b::7f00:2]/', 'http://[64:ff9b:1::1]/', 'http://[2002:7f00:2::]/', 'http://[2001::1]/',
    'http://[fd00::1]/', 'http://[fe80::1]/', 'http://[fec0::1]/', 'http://[ff02::1]/', 'https://127.0.0.2/',
    $open->url('/json') =~ s/127\.0\.0\.1/127.0.0.3/r, $open->url('/json') =~ s/127\.0\.0\.1/[::ffff:127.0.0.1]/r,
);
my $report = verify($closed->url('/json'));
like $report, qr/^unchecked .*not open to us/, 'the verifier says so too';
for my $url (@forbidden) {
    my ($code, $text) = bake($url);
    is "$code $text", "$status $answer", "$url gets the same answer";
    is verify($url), $report, '... from the verifier too';
}
is verify($open->url("/to/$_")), $report, 'after a redirect too' for $closed->url('/json'), $inside->url('/json');
is_deeply [ bake($open->url('/to/' . $closed->url('/json')))  ], [ $status, $answer ], 'so does a redirect to such a place';
is_deeply [ bake($open->url('/to/' . $inside->url('/json'))) ], [ $status, $answer ],
    'and one to a place that is open to signed-in people only';
is $closed->seen, 0, 'nobody ever connected to the closed address';
is $inside->seen, 0, 'nor to the one that is not public';

($status, $answer) = bake($open->url('/json'));
unlike $answer, qr/not open to us/, 'what is opened as public is fetched';
cmp_ok $open->seen, '>=', 3, 'and was connected to';
for my $url ('file:///etc/passwd', 'gopher://127.0.0.1/', 'ftp://127.0.0.1/', 'http://a@127.0.0.1/', '/etc/passwd') {
    my ($code, $text) = bake($url);
    is $code, 400, "$url is no address to fetch";
    unlike $text, qr/root:/, 'and nothing of it is shown';
}

# A chain of bakers would hold a worker for each of its links.
my $seen = $open->seen;
my $chain = $stack->base . '/baker?assertion=' . $open->url('/json');
($status, $answer) = bake($chain);
is $status, 400, 'a baker does not fetch from a baker';
like $answer, qr/403/, '... which refuses it';
unlike verify($stack->base . '/verify?url=' . $open->url('/json')), qr/^valid/, 'nor a verifier from a verifier';
is $open->seen, $seen, '... before it fetches anything';

# Signed in.
my $learner = $stack->browser;
$learner->sign_in('learner@example.org');
my $page = $learner->get('/backpack/add');
sub add {
    my ($url) = @_;
    my $reply = $learner->post_form('/backpack/add', { url => $url });
    return $reply->decoded_content;
}
like add($_), qr/not open to us/, "$_ is refused to signed-in people too"
    for $closed->url('/json'), 'http://169.254.169.254/', 'http://[::1]:3306/', $inside->url('/to/' . $closed->url('/json'));
# A page that leads a signed-in browser somewhere has no hand in what is open to its owner.
my $inside_url = $inside->url('/json');
$seen = $inside->seen;
my $push = $learner->follow($learner->get('/claim?assertion=' . uri_escape($inside_url)));
like $push->decoded_content, qr/not open to us/, 'a link does not fetch from what is opened without `public`';
like $learner->get('/issuer/assertion?assertion=' . uri_escape($inside_url), Accept => 'application/json')->content, qr/not open to us/, 'nor a look by a program';
is $inside->seen, $seen, '... nothing was asked';
like $push->decoded_content, qr/name="look"/, 'the page asks first';
my $looked = $learner->post_form($push->request->uri->path, { look => 1 });
is $looked->code, 200, '... and when told so';
unlike $looked->decoded_content, qr/not open to us|name="look"/, '... it is fetched';
cmp_ok $inside->seen, '>', $seen, '... there';
unlike $learner->follow($learner->get('/claim?assertion=' . uri_escape($open->url('/json'))))->decoded_content, qr/name="look"/, 'what is public is not asked about';
unlike add($inside->url('/json')), qr/not open to us/, 'what is opened without `public` serves them';
is $closed->seen, 0, 'and still nobody connected to the closed address';
done_testing;
