#!/usr/bin/perl
# What Prometheus is told: it moves by what was done, through all workers of all pools, and nobody else is told.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp qw(tempfile);
use IO::Socket::INET;
use JSON::PP qw(decode_json);
use OBI::Test;
use OBI::Test::Issuer;
use Test::More;
use Time::HiRes qw(time);

my $issuer = OBI::Test::Issuer->new;
my $stack  = OBI::Test->private(conf => "fetch.allow_net = 127.0.0.1/32 public\nfetch.timeout = 30000\n"
        . "signin.per_address = 2\n");
my $visitor    = $stack->browser;
my $prometheus = $stack->browser(address => '127.0.0.1');

sub text { return $prometheus->get($stack->metrics . '/metrics')->decoded_content }
# The samples, by name and labels as they stand.
sub figures { return { map { /^([^#]\S*(?:\{.*\})?) (\S+)$/ ? ($1 => $2) : () } split /\n/, text() } }
# What `do` adds to each sample that it moves.
sub moved {
    my ($do) = @_;
    my $before = figures();
    $do->();
    my $after = figures();
    return { map { my $by = $after->{$_} - ($before->{$_} // 0); $by ? ($_ => $by) : () } keys %$after };
}
sub route { my ($name, $pool, $method, $route, $more) = @_; return qq({pool="$pool",method="$method",route="$route"$more}) =~ s/^/$name/r }
sub requests { my ($pool, $method, $route, $status) = @_; return route('obi_http_requests_total', $pool, $method, $route, qq(,status="$status")) }

# What operators are given stands on these figures.
sub read_file { open my $in, '<', "$OBI::Test::TOP/$_[0]" or die "$_[0]: $!"; local $/; return scalar <$in> }
sub promtool { my ($verb, $file, $name) = @_; my $said = `promtool $verb $file 2>&1`; return is($?, 0, $name) || diag $said }
# The names in an expression of PromQL.
sub names_in { return $_[0] =~ /\b(obi_\w+?)(?:_bucket|_sum|_count)?\b(?=[\s{\[)]|$)/g }
my %described = map { $_ => 1 } read_file('docs/metrics.md') =~ /^\| `(\w+)` \|/mg;
my $alerts = read_file('deploy/prometheus/alerts.yml');
my $board  = decode_json(read_file('deploy/grafana/obi.json'));
my @shown  = map { $_->{expr} } map { @{ $_->{targets} // [] } } @{ $board->{panels} };

subtest 'it is what Prometheus reads' => sub {
    my $reply = $prometheus->get($stack->metrics . '/metrics');
    is $reply->code, 200, 'the answer';
    is $reply->header('Content-Type'), 'text/plain; version=0.0.4; charset=utf-8', 'its type';
    my ($file, $name) = tempfile('/tmp/obi-metrics.XXXXXX', UNLINK => 1);
    print {$file} $reply->decoded_content;
    close $file;
    promtool('check metrics', "<$name", 'promtool has nothing to say');
    my %exposed = map { $_ => 1 } $reply->decoded_content =~ /^# TYPE (\w+) /mg;
    is_deeply [ sort keys %exposed ], [ sort keys %described ], 'all that docs/metrics.md describes, and nothing else';
    is $prometheus->get($stack->metrics . '/nginx')->code, 200, "nginx's own stand beside it";
};

subtest 'it is for nobody else' => sub {
    $stack->expect_log('access forbidden by rule');
    is $visitor->get('/metrics')->code, 404, 'not at the site';
    for my $path ('/metrics', '/nginx') {
        is $visitor->get($stack->metrics . $path)->code, 403, "$path from another address: refused";
        unlike $visitor->get($stack->metrics . $path)->decoded_content, qr/obi_http|Active/, 'and nothing said';
    }
    is $prometheus->get($stack->metrics . '/healthz')->code, 404, 'nor is anything else there';
};

subtest 'requests are counted once each, by route and status' => sub {
    my $moved = moved(sub {
        $visitor->get('/help') for 1 .. 3;
        $visitor->get("/displayer/1234$_/groups.json") for 1 .. 2;
        $visitor->get('/nothing/at/all');
        $visitor->post('/settings', {});
    });
    is $moved->{ requests('app', 'GET', '/help', '2xx') }, 3, 'three pages';
    is $moved->{ requests('read', 'GET', '/displayer/:user/groups.json', '4xx') }, 2, 'two of nobody';
    is $moved->{ requests('app', '', 'none', '4xx') }, 1, 'one that no route fits';
    is $moved->{ requests('app', 'POST', '/settings', '4xx') }, 1, 'one that was refused';
    is $moved->{'obi_http_failures_total{code="NOT_SIGNED_IN"}'}, 1, 'and why';
    my $help = sub { route('obi_http_request_duration_seconds' . $_[0], 'app', 'GET', '/help', $_[1]) };
    is $moved->{ $help->('_count', '') }, 3, 'their times too';
    is $moved->{ $help->('_bucket', ',le="+Inf"') }, 3, 'in buckets';
    cmp_ok $moved->{ $help->('_sum', '') }, '>', 0, 'that have a sum';
    is_deeply [ grep { /1234|at.all/ } keys %{ figures() } ], [], 'no address stands in a label';
};

subtest 'the alerts' => sub {
    chdir $OBI::Test::TOP or die $!;
    promtool('check rules', 'deploy/prometheus/alerts.yml', 'are rules');
    promtool('test rules', 't/http/alerts.test.yml', 'speak when they should');
    promtool('check config --syntax-only', 'deploy/prometheus/scrape.yml', 'the example is a configuration');
    my $operating = read_file('docs/operating.md');
    my %section = map { lc($_) => 1 } $operating =~ /^### (\w+)$/mg;
    my @rules = $alerts =~ /- alert: (\w+)/g;
    cmp_ok scalar @rules, '>', 10, 'there are some';
    for my $rule (@rules) {
        my ($text) = $alerts =~ /- alert: $rule\n(.*?)(?=\n\n|\n *- alert:|\z)/s;
        like $text, qr/for: \d/, "$rule waits";
        like $text, qr/severity: (?:critical|warning)/, 'says how bad it is';
        like $text, qr/summary: /, 'and what';
        like $text, qr{runbook: docs/operating\.md#@{[lc $rule]}$}m, 'names its section';
        ok delete $section{ lc $rule }, 'which is there';
        my ($severity) = $text =~ /severity: (\w+)/;
        like $operating, qr/^### $rule\n\n\*\*\u$severity\. /m, 'and says the same of how bad';
        ok $described{$_}, "$_ is a figure" for names_in(($text =~ /expr:(.*?)\n +for:/s)[0]);
    }
    is_deeply [ grep { /^obi[^a-z]*/ } sort keys %section ], [], 'no section is of a rule that is gone';
};

subtest 'the dashboard' => sub {
    cmp_ok scalar @shown, '>', 20, 'there is something in it';
    my ($file, $name) = tempfile('/tmp/obi-board.XXXXXX', UNLINK => 1);
    print {$file} "groups:\n  - name: board\n    rules:\n";
    my $n = 0;
    for my $expr (@shown) {
        ok $described{$_}, "$_ is a figure" for names_in($expr);
        (my $plain = $expr) =~ s/\$__rate_interval/5m/g;
        $plain =~ s/\$instance/.*/g;
        $plain =~ s/'/''/g;
        printf {$file} "      - {record: 'board:%d', expr: '%s'}\n", $n++, $plain;
    }
    close $file;
    promtool('check rules', $name, 'every expression is PromQL');
    my %id;
    is_deeply [ grep { $id{$_}++ } map { $_->{id} } @{ $board->{panels} } ], [], 'no two panels have one number';
    my %used = map { $_ => 1 } map { names_in($_) } @shown, $alerts, 'obi_build_info ';
    is_deeply [ grep { !$used{$_} } sort keys %described ], [], 'no figure is shown nowhere';
};

subtest 'histograms add up' => sub {
    my (%last, %all, %count);
    for my $line (split /\n/, text()) {
        my ($name, $labels, $value) = $line =~ /^(\w+)_(?:bucket|count)\{(.*)\} (\d+)$/ or next;
        if ($line =~ /_bucket/) {
            my ($end) = $labels =~ s/,le="([^"]+)"// ? $1 : die $line;
            cmp_ok $value, '>=', $last{"$name $labels"} // 0, "$name $labels: no bucket is smaller than the one in it"
                if $value < ($last{"$name $labels"} // 0);
            $last{"$name $labels"} = $value;
            $all{"$name $labels"}  = $value if $end eq '+Inf';
        }
        else { $count{"$name $labels"} = $value }
    }
    cmp_ok scalar keys %all, '>', 5, 'there are some';
    is_deeply \%all, \%count, 'the last bucket is the count';
};

subtest 'documents: from memcached or built' => sub {
    my $learner = $stack->browser->sign_in('ann@example.org');
    $learner->post_form('/collections', { name => 'Shown' });
    my ($user) = @{ $stack->sql('SELECT id FROM obi.user')->[0] };
    my $document = sub { route('obi_http_documents_total', 'read', 'GET', '/displayer/:user/groups.json', qq(,found="$_[0]")) };
    # A callback goes to a worker, whatever nginx knows; it is no document that is kept.
    my $moved = moved(sub { $visitor->get("/displayer/$user/groups.json") for 1 .. 3 });
    is $moved->{ $document->('database') }, 1, 'the first was built';
    is $moved->{ $document->('cache') } // 0, ($moved->{ requests('read', 'GET', '/displayer/:user/groups.json', '2xx') } // 0) - 1,
        'all others that reached a worker were found';
    $moved = moved(sub { $visitor->get("/displayer/$user/groups.json?callback=f") });
    is $moved->{$_}, undef, 'none of either was counted for a callback' for map { $document->($_) } 'database', 'cache';
    is $moved->{ requests('read', 'GET', '/displayer/:user/groups.json', '2xx') }, 1, 'but a request was';
};

subtest 'memcached, as nginx and all workers see it' => sub {
    my $server = 'server="unix:' . $stack->var . '/run/memcached.sock"';
    my $moved = moved(sub { $visitor->get('/displayer/4711/groups.json') for 1 .. 2 });
    cmp_ok $moved->{"obi_memcached_gets_total{$server,result=\"miss\"}"}, '>=', 1, 'what it did not have';
    my $figures = figures();
    is $figures->{"obi_memcached_up{$server}"}, 1, 'it answers';
    is $figures->{"obi_memcached_limit_bytes{$server}"}, 64 << 20, 'and says its size';
    $stack->stop('memcached');
    ok $stack->wait_until(3, sub { figures()->{"obi_memcached_up{$server}"} == 0 }), 'without it there is an answer';
    is figures()->{"obi_memcached_bytes{$server}"}, undef, 'that has no figures of it';
    $stack->start('memcached');
    ok $stack->wait_until(3, sub { figures()->{"obi_memcached_up{$server}"} == 1 }), 'and it comes back by itself';
};

subtest 'databases and what waits in them' => sub {
    my ($primary, $replica) = map { qq(server="unix:@{[$stack->var]}/run/$_.sock") } 'primary', 'replica';
    my $state = sub {
        my ($server, $figures) = @_;
        return join ' ', map { $figures->{"obi_database_rotation{$server,state=\"$_\"}"} ? $_ : () } qw(in primary down slow stopped behind astray);
    };
    my $figures;
    ok $stack->wait_until(10, sub { $figures = figures(); $state->($replica, $figures) eq 'in' }), 'the replica serves reads';
    is $state->($primary, $figures), 'primary', 'and the primary takes writes';
    my $lines = sub { scalar grep { ($_->{event} // '') ne 'request' } $stack->log_lines('read') };
    my $said = $lines->();
    figures() for 1 .. 3;
    is $lines->(), $said, 'the log does not say each time what was found';
    is $figures->{obi_database_writable}, 1, 'as is said once more';
    is $figures->{"obi_database_up{$_}"}, 1, "$_ answers" for $primary, $replica;
    cmp_ok $figures->{"obi_replica_lag_seconds{$replica}"}, '<', 5, 'it is not behind';
    is $figures->{"obi_replica_lag_seconds{$primary}"}, undef, 'which is said of no primary';
    is $figures->{$_}, 0, "$_: nothing waits" for qw(obi_outbox_oldest_seconds obi_purge_rows obi_recheck_due_hosts);

    $stack->stop('jobs');
    $stack->browser->post_form('/signin', { email => 'carol@example.org' });
    is figures()->{obi_outbox_mails}, 1, 'a mail waits while nobody sends it';
    $stack->clock(400);
    cmp_ok figures()->{obi_outbox_oldest_seconds}, '>=', 390, 'and for how long';
    $stack->clock(0);
    $stack->start('jobs');
    ok $stack->wait_until(10, sub { figures()->{obi_outbox_mails} == 0 }), 'it is sent';

    # What was tried and is for later is nobody's delay.
    my $learner = $stack->browser->sign_in('dora@example.org');
    $learner->upload($stack->badges_for('dora@example.org')->{'first-flight'}{picture});
    $stack->stop('jobs', 'recheck');
    $stack->sql("INSERT INTO obi.outbox (id, claim, attempts, due_at_s, created_at_s, send_to, subject, body)"
        . " VALUES (1, 0, 3, UNIX_TIMESTAMP() + 900, UNIX_TIMESTAMP() - 900, 'x', '', '')");
    $figures = figures();
    is_deeply [ @$figures{qw(obi_outbox_mails obi_outbox_oldest_seconds)} ], [ 1, 0 ], 'a mail that is tried again later';
    $stack->sql('DELETE FROM obi.outbox');
    # A badge, though its host may not be asked before long.
    $stack->sql('INSERT INTO obi.check_host (id, claim, due_at_ms, next_at_ms, failures) VALUES (7, 0, 9e12, 9e12, 0)');
    $stack->sql('UPDATE obi.badge SET check_host = 7, check_at_s = UNIX_TIMESTAMP() - 5000');
    $figures = figures();
    is $figures->{obi_recheck_due_hosts}, 1, 'a badge is due for a check';
    cmp_ok abs($figures->{obi_recheck_oldest_seconds} - 5000), '<', 10, 'and for how long';
    $stack->sql('DELETE FROM obi.check_host WHERE id = 7');
    # Also where no checker ever ran, and put it in a queue.
    $stack->sql('UPDATE obi.badge SET check_host = 0, check_at_s = 0');
    is figures()->{obi_recheck_oldest_seconds}, 0, 'a new badge is not due';
    $stack->sql('UPDATE obi.badge SET checked_at_s = UNIX_TIMESTAMP() - 86400 - 7000');
    cmp_ok abs(figures()->{obi_recheck_oldest_seconds} - 7000), '<', 10, 'but recheck.every later';

    # A write that is under way is nobody's delay either.
    $stack->sql("INSERT INTO obi.cache_purge (id, paths, created_at_s) VALUES (1, '/x', UNIX_TIMESTAMP()), (2, '/y', UNIX_TIMESTAMP() - 60)");
    is figures()->{obi_purge_rows}, 1, 'a document is not known to be gone';
    $stack->sql('DELETE FROM obi.cache_purge');
    $stack->start('jobs', 'recheck');

    # A server that hangs is waited for a little.
    $stack->expect_log('STORE_DOWN');
    $stack->pause('primary');
    my $begun = time;
    $figures = figures();
    cmp_ok time - $begun, '<', 8, 'the primary hangs, and there is an answer in time for Prometheus';
    is $figures->{obi_database_writable}, 0, 'which says that no writes are taken';
    is $figures->{"obi_database_up{$primary}"}, 0, 'and by whom';
    is $figures->{"obi_database_up{$replica}"}, 1, 'the replica answers';
    $stack->continue('primary');
    $stack->kill(qw(primary replica));
    $figures = figures();
    is $figures->{"obi_database_up{$_}"}, 0, "$_ is down" for $primary, $replica;
    is $figures->{obi_outbox_mails}, undef, 'nobody could count the mails';
    is $figures->{ requests('app', 'GET', '/help', '2xx') }, 3, 'what needs no database is there all the same';
    $stack->start(qw(primary replica));
    ok $stack->wait_until(20, sub { figures()->{obi_database_writable} == 1 }), 'and it comes back by itself';
};

subtest 'what goes out, and what came of it' => sub {
    my $moved = moved(sub {
        $visitor->get('/verify?url=' . $issuer->url('/json')) for 1 .. 2;
        $visitor->get('/verify?url=http://nowhere.example/');
        $visitor->get('/verify?url=http://10.0.0.1/');
    });
    cmp_ok $moved->{'obi_fetches_total{by="anonymous",result="2xx"}'}, '>=', 2, 'documents came';
    is $moved->{'obi_fetches_total{by="anonymous",result="FETCH_DNS"}'}, 1, 'a name that is none';
    is $moved->{'obi_fetches_total{by="anonymous",result="FETCH_REFUSED"}'}, 1, 'an address that is not open';
    cmp_ok $moved->{'obi_fetch_duration_seconds_count{by="anonymous"}'}, '>=', 4, 'with how long they took';
    is $moved->{'obi_fetches_total{by="signed_in",result="2xx"}'}, undef, 'nobody signed in did';
};

subtest 'mails and limits' => sub {
    my $moved = moved(sub {
        my $learner = $stack->browser;
        $learner->sign_in_link('bob@example.org') for 1 .. 2;
        $learner->post_form('/signin', { email => 'bob@example.org' });
        $stack->wait_until(5, sub { (figures()->{'obi_mails_total{result="sent"}'} // 0) >= 3 });
    });
    is $moved->{'obi_mails_total{result="sent"}'}, 2, 'two were sent';
    is $moved->{'obi_limits_reached_total{limit="signin_address"}'}, 1, 'a third was one too many';
};

subtest 'workers, of each pool' => sub {
    my %have = map { $_ => scalar $stack->workers($_) } qw(read app fetch fetch-anon signin);
    my $figures = figures();
    for my $pool (sort keys %have) {
        my ($busy, $idle) = map { $figures->{qq(obi_workers{pool="$pool",state="$_"})} } 'busy', 'idle';
        is $busy + $idle, $have{$pool}, "$pool: all of them";
        is $busy, $pool eq 'read' ? 1 : 0, "$pool: who is at work; this question itself is work";
    }
    my (undef, $said) = $stack->obi('status', '--json');
    is_deeply decode_json($said)->{pools}, [ map { { name => $_, workers => $have{$_}, busy => 0 } } qw(read app fetch fetch-anon signin) ],
        'obi status says the same';
    like +($stack->obi('status'))[1], qr/^fetch-anon pool +$have{'fetch-anon'} workers, 0 at work$/m, 'to people too';

    # Asks and waits: a worker is held until its issuer's time is over, or it is killed.
    my $busy = sub { figures()->{'obi_workers{pool="fetch-anon",state="busy"}'} };
    my @asked = map {
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $stack->port) or die $!;
        print {$socket} 'GET /verify?url=' . $issuer->url("/silent/$_") . " HTTP/1.0\r\nHost: localhost\r\n\r\n";
        $socket->flush;
        $socket;
    } 1 .. 2;
    ok $stack->wait_until(5, sub { $busy->() == 2 }), 'two wait for an issuer';
    $stack->expect_log('recv\(\) failed', 'upstream prematurely closed');
    kill 'KILL', $_ for $stack->workers('fetch-anon');
    ok $stack->wait_until(5, sub { $busy->() == 0 }), 'killed at it, they are busy no more';
    ok $stack->wait_until(5, sub { figures()->{'obi_workers{pool="fetch-anon",state="idle"}'} == 2 }), 'and others took their places';
    close $_ for @asked;

    $stack->stop('app');
    is figures()->{'obi_workers{pool="app",state="idle"}'}, 0, 'a pool that is down has none';
    my $before = figures()->{ requests('app', 'GET', '/help', '2xx') };
    $stack->start('app');
    $visitor->get('/help');
    is figures()->{ requests('app', 'GET', '/help', '2xx') }, $before + 1, 'its counts go on where they were';
};

done_testing;
