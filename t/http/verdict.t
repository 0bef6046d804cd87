#!/usr/bin/perl
# A badge's page says what the last check found, in whole sentences.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use OBI::Test;

my $stack   = OBI::Test->stack;
my $learner = $stack->browser;
my $email   = 'verdict@example.org';
my $badges  = $stack->badges_for($email);
$learner->sign_in($email);

for my $slug (qw(first-flight story-teller)) {
    $learner->upload($badges->{$slug}{picture});
    my ($page) = $learner->get('/backpack')->decoded_content =~ m{href="(/backpack/badge/\d+)"};
    my $text = $learner->get($page)->decoded_content;
    like $text, qr/This badge is verified/, "$slug: the verdict";
    unlike $text, qr/\{\w+\}/, "$slug: every sentence is filled in";
    my ($verdict) = $text =~ m{(<section class="verdict.*?</section>)}s;
    unlike $verdict, qr/<li>/, "$slug: remarks do not stand beside the verdict";
}
like $learner->get('/backpack')->decoded_content, qr/Story Teller/, 'the 0.5 badge is the newest';
my ($page) = $learner->get('/backpack')->decoded_content =~ m{href="(/backpack/badge/\d+)"};
like $learner->get($page)->decoded_content, qr/badge of .*story-teller\.json stands in the document/,
    'remarks stand among the details';

done_testing;
