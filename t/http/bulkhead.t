#!/usr/bin/perl
# Issuers that are slow on purpose cost the fetch pools their bounded time, and nothing else.
use strict;
use warnings;
use FindBin;
use IO::Select;
use lib "$FindBin::Bin/lib";
use OBI::Issuer;
use OBI::Test;
use OBI::Test::Issuer;
use POSIX qw(_exit);
use Test::More;
use Time::HiRes qw(sleep time);
use URI::Escape qw(uri_escape);

my $TIMEOUT_S  = 3;
my $DEADLINE_S = 6;
my @slow       = qw(/silent /drip /endless /loop);

my $issuer = OBI::Test::Issuer->new;
my $stack  = OBI::Test->private(conf => "fetch.allow_net = 127.0.0.1/32 public\n"
        . "fetch.timeout = ${TIMEOUT_S}000\nfetch.deadline = ${DEADLINE_S}000\n");
my $learner = $stack->browser->sign_in('learner@example.org');

# What the learner shows: a badge in a public collection.
is $learner->upload($stack->badges_for('learner@example.org')->{'first-flight'}{picture})->code, 200, 'a badge is in the backpack';
my ($badge) = $learner->get('/backpack')->decoded_content =~ m{/backpack/badge/(\d+)};
my ($group) = $learner->post_form('/collections', { name => 'Shown' })->header('Location') =~ m{/collections/(\d+)};
$learner->post_form("/collections/$group/badges", { badge => $badge, do => 'put' });
$learner->post_form("/collections/$group/change",
    { name => 'Shown', description => '', path => 'shown', visibility => 'public' });
my $user = $stack->sql('SELECT id FROM obi.user')->[0][0];
my $document = $stack->browser->get("/displayer/$user/group/$group.json")->content;
my ($picture) = $document =~ m{(/images/badge/\w+\.png)} or BAIL_OUT("no picture in $document");

# What other sites and people ask while nobody slow is about: the display API (kept, and with a callback from the
# database), a public page, its picture, sign-in.
my @reads = ("/displayer/$user/groups.json", "/displayer/$user/group/$group.json",
    "/displayer/$user/group/$group.json?callback=f", '/share/collection/shown', $picture, '/signin', '/healthz');

sub measure {
    my ($times) = @_;
    my $reader = $stack->browser;
    my (@took, %status);
    for my $i (1 .. $times) {
        my $path  = $reads[$i % @reads];
        my $begun = time;
        my $reply = $reader->get($path);
        push @took, time - $begun;
        $status{"$path " . $reply->code}++;
        sleep 0.02;
    }
    @took = sort { $a <=> $b } @took;
    return ($took[ @took / 2 ], $took[-1], \%status);
}

# Asks in a process of its own and from an address of its own; `wait_for` says how it went.
sub begin {
    my ($ask) = @_;
    pipe my $from, my $to or die "pipe: $!";
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        close $from;
        my $begun = time;
        my $reply = eval { $ask->() };
        printf {$to} "%d %.3f %s", $reply ? $reply->code : 0, time - $begun,
            ($reply ? $reply->content : $@) =~ s/\s+/ /gr;
        close $to;
        _exit(0);
    }
    return { pid => $pid, from => $from };
}
sub wait_for {
    my ($asked) = @_;
    local $/;
    my ($code, $took, $text) = split / /, readline $asked->{from}, 3;
    waitpid $asked->{pid}, 0;
    return ($code, $took, $text);
}
sub has_answer { return IO::Select->new($_[0]{from})->can_read(0) }
sub slow_bake {
    my ($path) = @_;
    my $visitor = $stack->browser;
    return begin(sub { $visitor->get('/baker?assertion=' . uri_escape($issuer->url($path))) });
}
sub slow_add {
    my ($who, $path) = @_;
    return begin(sub { $who->post_form('/backpack/add', { url => $issuer->url($path) }) });
}

my ($calm, undef, $calm_status) = measure(50);
# Each learner has two places in the pool.
my @learners = map { $stack->browser->sign_in("learner$_\@example.org") } 1 .. 3;
$_->get('/backpack/add') for $learner, @learners; # for its `_csrf`

# One of each kind alone: what it costs at most.
for my $path (@slow) {
    my ($code, $took, $text) = wait_for(slow_bake($path));
    is $code, 400, "$path: the baker answers all the same";
    cmp_ok $took, '<', $TIMEOUT_S + 1.5, sprintf('... within the time of one fetch (%.1f s)', $took);
    like $text, qr/too long|too large|redirected too often/, '... and says what was wrong';
}

# A badge that needs many documents of a slow issuer costs the deadline, not the sum of their times.
{
    my $issued = OBI::Issuer->new(root => $stack->var . '/demo/www', url => $stack->demo, name => 'slow');
    my $url    = $issued->badge('slow', to => 'a@example.org', assertion => {
        image => $issuer->url('/silent/image'), endorsement => [ map { $issuer->url("/drip/$_") } 1 .. 4 ] });
    my $begun = time;
    my $reply = $stack->browser->get('/verify?url=' . uri_escape($url));
    is $reply->code, 200, 'a verification that has to wait for all of it is answered';
    like $reply->content, qr/too long/, '... and says what took too long';
    cmp_ok time - $begun, '<', $DEADLINE_S + 1.5, sprintf('... within the deadline (%.1f s)', time - $begun);
    cmp_ok time - $begun, '>', $TIMEOUT_S + 1, '... which is more than one document may take';
}

# More of them than either pool has workers.
my $before = $issuer->seen;
my @asked  = map { (slow_bake("/silent/$_"), slow_add($learners[$_ % 3], "/drip/$_")) } 1 .. 6;
my ($anon, $signed) = map { scalar $stack->workers($_) } 'fetch-anon', 'fetch';
ok $stack->wait_until(3, sub { $issuer->seen - $before >= $anon + $signed }), "all $anon and $signed workers of the pools are held";
my ($median, $most, $status) = measure(50);
is $issuer->seen - $before, $anon + $signed, 'and are still held, each by one issuer, when the reads are over';
is_deeply [ sort keys %$status ], [ sort keys %$calm_status ], 'meanwhile every read has its usual answer';
cmp_ok $median, '<', 3 * $calm + 0.02, sprintf('in its usual time: %.1f ms, %.1f ms before', 1000 * $median, 1000 * $calm);
cmp_ok $most, '<', 1, sprintf('and none waited: %.0f ms at most', 1000 * $most);
my $another = $stack->browser;
my $begun   = time;
$another->sign_in('other@example.org');
cmp_ok time - $begun, '<', 3, 'somebody can sign in meanwhile';

for my $asked (@asked) {
    my ($code, $took, $text) = wait_for($asked);
    is $code, 400, 'a slow one ends with an answer of ours';
    like $text, qr/too long/, '... that says why';
    cmp_ok $took, '<', 3 * ($TIMEOUT_S + 1), sprintf('... after its place in the line (%.1f s)', $took);
}
my $reply = $stack->browser->get('/baker?assertion=' . uri_escape($issuer->url('/json')));
is $reply->code, 400, 'afterwards the pool answers at once';
unlike $reply->decoded_content, qr/too long/, '... about what it fetched';

# One learner alone holds two workers of the pool, in however many sessions.
{
    my $again = $stack->browser->sign_in('learner@example.org');
    $again->get('/backpack/add');
    $before = $issuer->seen;
    my @held = map { slow_add($_, '/silent/held') } $learner, $again;
    ok $stack->wait_until(3, sub { $issuer->seen - $before >= 2 }), 'two slow badges of one learner are being fetched';
    my $refusal = $learner->post_form('/backpack/add', { url => $issuer->url('/json') });
    is $refusal->code, 429, '... and a third is told to come again';
    ok $refusal->header('Retry-After'), '... and when';
    like $refusal->decoded_content, qr/Two of your badges are being fetched/, '... and why';
    is $learners[0]->post_form('/backpack/add', { url => $issuer->url('/json') })->code, 400, '... while somebody else is served';
    is +(wait_for($_))[0], 400, '... and the two end as they would have' for @held;
    is $learner->post_form('/backpack/add', { url => $issuer->url('/json') })->code, 400, 'then the learner is served again';
}

# One client alone has few places in the line, so that others come between.
my $greedy = $stack->browser;
@asked = map {
    my $path = uri_escape($issuer->url("/silent/greedy$_"));
    begin(sub { $greedy->get("/baker?assertion=$path") });
} 1 .. 10;
sleep 1;
my @refused = grep { $_->[0] == 429 } map { [ wait_for($_) ] } grep { has_answer($_) } @asked;
cmp_ok scalar @refused, '>=', 4, 'of ten at once at least four are told to come again at once';
kill KILL => map { $_->{pid} } @asked;
for my $pool (qw(fetch fetch-anon)) {
    is scalar($stack->workers($pool)), $pool eq 'fetch' ? $signed : $anon, "no worker of $pool was lost";
}

# Where the processors are too few, reads come first: among processes, and among sessions where the kernel shares by them.
my $SCHED_IDLE = 5;
sub priority {
    my ($pid) = @_;
    my ($stat, $group) = map { my $in; open($in, '<', "/proc/$pid/$_") ? scalar <$in> : '' } qw(stat autogroup);
    my ($nice, $policy) = (split ' ', $stat =~ s/^.*\) //r)[ 16, 38 ];
    return join ' ', $policy == $SCHED_IDLE ? 'idle' : (), $nice, $group =~ /nice (-?\d+)/ ? $1 : ();
}
my %wanted = (read => qr/^0(?: 0)?$/, signin => qr/^10(?: 10)?$/, fetch => qr/^idle 19(?: 19)?$/);
$wanted{app} = $wanted{read};
$wanted{'fetch-anon'} = $wanted{fetch};
for my $pool (qw(read app fetch fetch-anon signin)) {
    my %seen = map { priority($_) => 1 } $stack->workers($pool);
    like join(',', keys %seen), $wanted{$pool}, "what $pool gives way to";
}
done_testing;
