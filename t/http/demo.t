#!/usr/bin/perl
# The demo issuer's badges are what its page says they are.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use OBI::Test;

my $stack = OBI::Test->stack;
my $visitor = $stack->browser;
my %outcome = ('first-aid' => 'expired', 'bridge-builder' => 'revoked', gone => 'revoked');

my $page = $visitor->get($stack->demo . '/');
is $page->code, 200, 'the page of badges';
my @pictures = $page->decoded_content =~ m{src="(/baked/learner/[^"]+)"}g;
is scalar @pictures, 10, 'shows them all';
is scalar(grep { /\.svg$/ } @pictures), 2, 'of both kinds';

my %version;
for my $path (@pictures) {
    my ($slug) = $path =~ m{/([\w-]+)\.\w+$};
    my $file = $stack->var . "/demo/www$path";
    my (undef, $text) = $stack->obi('verify', '--recipient', 'learner@example.org', $file);
    my $expected = $outcome{$slug} // 'valid';
    like $text, qr/^status +\Q$expected\E$/m, "$slug is $expected";
    $version{$1} = 1 if $text =~ /^version +(\S+)/m;
}
is join(' ', sort keys %version), '0.5 1.0 1.1 2.0', 'issued in every version';
is $visitor->get($stack->demo . '/assertions/learner/gone.json')->code, 410, 'one is gone';
my $made = $stack->badges_for('someone@example.com');
my (undef, $text) = $stack->obi('verify', '--recipient', 'someone@example.com', $made->{'first-flight'}{picture});
like $text, qr/^outcome +valid$/m, 'badges for another address are made by the same script';

done_testing;
