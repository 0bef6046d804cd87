package OBI::Fixation;

# Session fixation, for each way of signing in: whoever plants a cookie in another's browser has nothing of it.
#
#   fixation_fails($stack, 'by the link', sub { my ($browser) = @_; ...; return $reply }, $planted...);

use strict;
use warnings;
use Exporter qw(import);
use Test::More;

our @EXPORT = qw(fixation_fails token_of plant opens);

sub token_of { my ($browser) = @_; return $browser->agent->cookie_jar->as_string =~ /(obi_\d+_session)="?([\w-]{43})/ }
sub plant { my ($browser, $name, $value) = @_; $browser->agent->cookie_jar->set_cookie(0, $name, $value, '/', 'localhost.local', undef, 1, 0, 3600, 0); return }
sub opens { my ($stack, $name, $token) = @_; return $stack->browser->get('/backpack', Cookie => "$name=$token")->code == 200 }

# A session of somebody else's making, live or not, for each value; then a visitor's cookie, which is there before.
sub fixation_fails {
    my ($stack, $way, $sign_in, @values) = @_;
    my $cookie = 'obi_' . $stack->port . '_session';
    for my $value (@values) {
        my $victim = $stack->browser;
        plant($victim, $cookie, $value);
        $victim->get('/settings');
        $victim->get('/signin');
        my $form = $victim->csrf;
        is $sign_in->($victim)->code, 303, "$way, with a session of somebody else's making";
        my (undef, $token) = token_of($victim);
        isnt $token, $value, '... another is made';
        ok opens($stack, $cookie, $token), '... which opens the backpack';
        ok !opens($stack, $cookie, $value), '... and that one nothing any more';
        is $victim->post('/settings', { _csrf => $form })->code, 403, '... nor do forms from before';
    }
    my ($victim, $visitor) = ($stack->browser, $cookie =~ s/session/visitor/r);
    plant($victim, $visitor, 'v' x 43);
    $victim->get('/signin');
    my $form = $victim->csrf;
    is $sign_in->($victim)->code, 303, "$way, with a visitor of somebody else's making";
    is $victim->post('/settings', { _csrf => $form })->code, 403, '... forms have another token afterwards';
    ok !opens($stack, $_, 'v' x 43), "... and as a $_ it opens nothing" for $visitor, $cookie;
    return;
}

1;
