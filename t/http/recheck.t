#!/usr/bin/perl
# A stored badge is checked again, in the background and when its owner asks, and everybody sees how it stands.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use OBI::Story;
use OBI::Test;
use Test::More;

my $day = 86400;
my $stack = OBI::Test->private;
my $story = OBI::Story->new($stack, 'recheck');
my $issuer = $story->issuer;
my $ann = $story->address('ann');
$stack->stop('recheck');    # what this test runs itself comes when it says so

my ($badge, $other) = $story->import_all($ann, $issuer->badge('one', to => $ann, name => 'Knots'),
    $issuer->badge('two', to => $ann, name => 'Sails'));
my $group = $story->collection($ann, 'Shown', 1, $badge->{id}, $other->{id});
my $user = $story->user_id($ann);
my $learner = $story->browser($ann);
my $page = "/backpack/badge/$badge->{id}";
$learner->get($page);
$learner->post_form("$page/visibility", { visibility => 'public' });
my ($single) = $learner->get($page)->decoded_content =~ m{value="\S*(/share/badge/[\w-]+)"};
my ($collection) = $learner->get("/collections/$group")->decoded_content =~ m{value="\S*(/share/collection/[\w-]+)"};
my $display = "/displayer/$user/group/$group.json";
my @public = ($single, "$single.json", $single =~ s/share/embed/r, $collection, "$collection.json", $collection =~ s/share/embed/r, $display);
my $file = $stack->var . '/demo/www/' . ($issuer->url('one.json') =~ s{^https?://[^/]+/}{}r);

sub version { $stack->sql("SELECT version FROM obi.user WHERE id = $user")->[0][0] }
sub row { $stack->sql("SELECT status, status_reason, checked_at_s FROM obi.badge WHERE id = $badge->{id}")->[0] }
sub etags { return [ map { $story->get($_)->{headers}{etag} } @public ] }
sub recheck {
    my ($status, $out, $err) = $stack->obi('recheck', '--once');
    is $status, 0, 'obi recheck --once' or diag $err;
    return $err;
}
sub away { rename $file, "$file.away" or die "$file: $!" }
sub back { rename "$file.away", $file or die "$file: $!" }

subtest 'how it is used' => sub {
    my ($status, $out) = $stack->obi('recheck', '--help');
    is $status, 0, '--help';
    like $out, qr/--once/, 'says what there is';
    is +($stack->obi('recheck', 'what'))[0], 64, 'used wrongly';
};

subtest 'how it stands is shown wherever the badge is' => sub {
    like $learner->get('/backpack')->decoded_content, qr/Verified<\/span><span class="fine">Checked on \d/, 'in the backpack';
    like $learner->get($page)->decoded_content, qr/Checked on \d+ \w+ \d{4}/, 'on its page';
    like $story->get($single)->{content}, qr/Checked on \d+ \w+ \d{4}/, 'on its public page';
    like $story->get($collection)->{content}, qr/Checked on \d+ \w+ \d{4}/, 'on the collection\'s';
    for my $check ($story->json("$single.json")->{verification}, $story->json("$collection.json")->{badges}[0]{verification},
        $story->json($display)->{badges}[0]{verification}) {
        is $check->{status}, 'valid', 'in JSON';
        like $check->{checkedOn}, qr/^\d{4}-\d\d-\d\d$/, 'with the day';
        ok !exists $check->{since}, 'and nothing else';
    }
};

subtest 'a check that finds nothing new changes no public document' => sub {
    my ($before, $version, $row) = (etags(), version(), row());
    $stack->clock(5) if (time + 5) % $day > 5;    # the same day
    is $learner->post_form("$page/check", {})->code, 303, 'checked now';
    like $learner->get($page)->decoded_content, qr/Checked now: the badge is valid/, 'its owner is told';
    cmp_ok row()->[2], '>', $row->[2], 'later than before';
    is version(), $version, 'the version is the same';
    is_deeply etags(), $before, 'so are the ETags';
    unlike $learner->get($page)->decoded_content, qr/<dt>Checks/, 'and there is no history';
};

subtest 'the background finds what changed' => sub {
    my $version = version();
    away();
    $stack->clock(2 * $day);
    my $log = recheck();
    is_deeply [ @{ row() }[0, 1] ], [ 'unchecked', 'not-hosted' ], 'one that is not there any more';
    cmp_ok version(), '>', $version, 'the version rises';
    my @lines = grep { /"event":"recheck"/ } split /\n/, $log;
    is scalar @lines, 2, 'a line for each badge';
    like $lines[0], qr/"host":"127\.0\.0\.1"/, 'with its host';
    unlike $log, qr/\Q$ann\E|one\.json|Knots|\Q$user\E|$badge->{id}/, 'and nothing personal';
    like $story->get($single)->{content}, qr/Could not be checked since \d/, 'its public page says so';
    like $story->get($collection)->{content}, qr/Could not be checked since \d/, 'and the collection\'s';
    my ($check) = $story->json($display)->{badges}[0]{verification};
    is $check->{status}, 'unchecked', 'the display API too';
    like $check->{since}, qr/^\d{4}-\d\d-\d\d$/, 'with a day';
    like $learner->get('/backpack')->decoded_content, qr/Not checked<\/span><span class="fine">Could not be checked since/, 'the backpack too';
    like $learner->get($page)->decoded_content, qr/<dt>Checks<.*could not be checked: <code>not-hosted<.*: valid</s, 'its history has both';
};

subtest 'after 30 days it is no longer hosted' => sub {
    $stack->clock(33 * $day);
    recheck();
    is_deeply [ @{ row() }[0, 1] ], [ 'invalid', 'not-hosted' ], 'then';
    $learner->sign_in($ann);
    like $story->get($single)->{content}, qr/no longer hosted by its issuer/i, 'its page says so';
    like $story->get($collection)->{content}, qr/No longer hosted<.*by its issuer since/s, 'and the collection\'s';
    is_deeply [ @{ $story->json("$single.json")->{verification} }{qw(status reason)} ], [ 'invalid', 'not-hosted' ], 'for programs';
};

subtest 'its owner checks it now' => sub {
    back();
    $learner->get($page);
    is $learner->post_form("$page/check", {})->code, 303, 'taken';
    like $learner->get($page)->decoded_content, qr/Checked now: the badge is valid/, 'it is valid again';
    is row()->[0], 'valid', 'and stays so';
    like $story->get($single)->{content}, qr/verdict-valid/, 'for everybody';
    # The replica still serves reads; its owner comes back after the cookie that says what it must have has gone.
    my $delay = sub { $stack->sql("STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = $_[0]; START SLAVE", 'replica') };
    $delay->(4);
    for my $later (100, 200) {
        $stack->clock(33 * $day + $later);
        my $now = time + 33 * $day + $later;
        $learner->agent->cookie_jar->scan(sub { $learner->agent->cookie_jar->clear(@_[4, 3, 1]) if $_[1] =~ /_at$/ });
        is $learner->post_form("$page/check", {})->code, 303, 'once more, while the replica is behind';
        cmp_ok abs(row()->[2] - $now), '<', 50, 'is stored';
    }
    $delay->(0);
    is $learner->post("$page/check", Content => {})->code, 403, 'not without the form';
    my $stranger = $stack->browser->sign_in($story->address('eve'));
    $stranger->get('/backpack');
    is $stranger->post_form("$page/check", {})->code, 404, 'nobody else may';
    my $code = 303;
    for (1 .. 40) {
        $code = $learner->post_form("$page/check", {})->code;
        last if $code != 303;
    }
    is $code, 429, 'and not without end';
};

subtest 'the loop of the stack does the same' => sub {
    $stack->clock(38 * $day);
    my $was = row()->[2];
    $stack->start('recheck');
    ok $stack->wait_until(20, sub { row()->[2] > $was }), 'it checks';
    kill KILL => $stack->workers('recheck');
    ok $stack->wait_until(10, sub { scalar $stack->workers('recheck') }), 'and is started again';
    $stack->clock(39 * $day);
    $was = row()->[2];
    ok $stack->wait_until(20, sub { row()->[2] > $was }), 'and goes on';
};

subtest 'what goes, goes with all that was found' => sub {
    $story->tool('user', 'remove', $ann);
    for my $table (qw(badge badge_history badge_check badge_report badge_document document class picture shared)) {
        is $stack->sql("SELECT COUNT(*) FROM obi.$table")->[0][0], 0, $table;
    }
};

done_testing;
