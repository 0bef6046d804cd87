#!/usr/bin/perl
# What passkeys refuse; t/unit/auth_webauthn.c and t/browser/passkey.test.mjs show what they take.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP qw(decode_json);
use MIME::Base64 qw(encode_base64url);
use OBI::Test;
use Test::More;

my $stack = OBI::Test->private(conf => "signin.per_client = 20\n");
my $n     = 0;
sub address { return sprintf 'passkey-%d@example.org', ++$n }
sub challenge {
    my ($visitor) = @_;
    return $visitor->post_form('/passkey/challenge', {}, Accept => 'application/json');
}
my %use = (credential => 'AAAA', client_data => 'AAAA', auth_data => 'AAAA', signature => 'AAAA');
my %add = (name => 'Mine', client_data => 'AAAA', auth_data => 'AAAA', algorithm => '-7');

subtest 'a challenge is given for a form of this site, and tells nothing of anybody' => sub {
    my $visitor = $stack->browser;
    is $visitor->post('/passkey/challenge', {})->code, 403, 'not without the token of a form';
    $visitor->get('/signin');
    my ($one, $two) = map { decode_json(challenge($visitor)->content) } 1, 2;
    isnt $one->{challenge}, $two->{challenge}, 'each is another';
    is $one->{rp}{id}, 'localhost', 'for this host';
    ok !$one->{user} && !$one->{exclude}, 'and names nobody';
    my $learner = $stack->browser->sign_in(my $email = address());
    is decode_json(challenge($learner)->content)->{user}{name}, $email, 'who is signed in sees their own name';
};

subtest 'what is missing, too long or no base64url is refused with its name' => sub {
    my $visitor = $stack->browser;
    $visitor->get('/signin');
    my $learner = $stack->browser->sign_in(address());
    for ([ $visitor, '/signin/passkey', \%use ], [ $learner, '/settings/passkeys', \%add ]) {
        my ($who, $path, $good) = @$_;
        for my $field (grep { $_ ne 'algorithm' } sort keys %$good) {
            for my $bad (undef, '', ($field eq 'name' ? 'x' x 101 : ('a+b', 'x' x 9000, "\xff"))) {
                my %form = %$good;
                defined $bad ? ($form{$field} = $bad) : delete $form{$field};
                my $reply = $who->post_form($path, \%form, Accept => 'application/json');
                is $reply->code, 400, "$path: $field " . (defined $bad ? length $bad : 'missing');
            }
        }
    }
};

subtest 'without a challenge, or with a used one, nothing is looked at' => sub {
    my $visitor = $stack->browser;
    $visitor->get('/signin');
    like $visitor->post_form('/signin/passkey', \%use)->decoded_content, qr/That did not work/, 'none asked for';
    challenge($visitor);
    like $visitor->post_form('/signin/passkey', \%use)->decoded_content, qr/not known here/, 'one that was';
    like $visitor->post_form('/signin/passkey', \%use)->decoded_content, qr/That did not work/, '... once';
    challenge($visitor);
    $stack->clock(301);
    like $visitor->post_form('/signin/passkey', \%use)->decoded_content, qr/That did not work/, '... and for five minutes';
    $stack->clock(0);
    my $other = $stack->browser;
    $other->get('/signin');
    challenge($visitor);
    like $other->post_form('/signin/passkey', \%use)->decoded_content, qr/That did not work/, "another browser's is none";
    is $visitor->get('/backpack')->code, 303, 'nobody is in';
};

subtest 'nobody adds a passkey without a session, or removes another person\'s' => sub {
    my $visitor = $stack->browser;
    $visitor->get('/signin');
    is $visitor->post_form('/settings/passkeys', \%add)->code, 401, 'no session';
    my ($ann, $eve) = map { $stack->browser->sign_in(address()) } 1, 2;
    $ann->get('/settings');
    challenge($ann);
    is $ann->post_form('/settings/passkeys', \%add, Accept => 'application/json')->code, 400, 'what no authenticator made is refused';
    my $user = $stack->sql('SELECT MIN(user_id) FROM obi.user_email')->[0][0];
    $stack->sql("INSERT INTO obi.passkey VALUES (REPEAT('h', 32), $user, 77, 'cred', -7, 'key', 0, 'Not hers', 0, NULL)");
    $eve->get('/settings');
    is $eve->post_form('/settings/passkeys/77/remove', {})->code, 303, 'somebody else asks for its end';
    is $stack->sql('SELECT COUNT(*) FROM obi.passkey')->[0][0], 1, 'in vain';
    is $stack->browser->get('/settings/passkeys')->code, 405, 'there is no such page';
};

subtest 'one client asks for so many challenges an hour' => sub {
    my $visitor = $stack->browser;
    $visitor->get('/signin');
    my %status;
    $status{ challenge($visitor)->code }++ for 1 .. 105;
    is_deeply \%status, { 200 => 100, 429 => 5 }, 'five times as many as it may ask for mails';
};

done_testing;
