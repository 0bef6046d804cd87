#!/usr/bin/perl
# Public documents are cached, and none of it may ever be seen: docs/architecture.md, "What must hold".
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp qw(tempfile);
use IO::Socket::INET;
use JSON::PP;
use POSIX qw(strftime);
use Test::More;
use Time::HiRes qw(sleep time);
use OBI::Story;
use OBI::Test;
use URI::Escape qw(uri_escape);

# With a short lifetime, since a write waits as long for a memcached that hangs.
my $stack = OBI::Test->private(conf => "cache.ttl = 4\n");
my $story = OBI::Story->new($stack, 'cache');
my $email = $story->address('ada');
my @badges = $story->import_all($email, map { $story->issuer->badge($_, to => $email) } qw(one two three));
my $group = $story->collection($email, 'Number 0', 1, map { $_->{id} } @badges);
my $user = $story->user_id($email);
my $share = $stack->sql("SELECT path FROM obi.collection WHERE id = $group")->[0][0];
my $groups = "/displayer/$user/groups.json";
my $document = "/displayer/$user/group/$group.json";
my $browser = $story->browser($email);
my $number = 0;

sub rename_to {
    my ($name) = @_;
    return $story->show_collection($email, $group, 'public', $name);
}
# Every public document of the collection; what each must show when it is there.
my %documents = (
    $groups => sub { qr/"name":"\Q$_[0]\E"/ },
    "/displayer/$user/groups" => sub { qr/"name":"\Q$_[0]\E"/ },
    "/share/collection/$share" => sub { qr/\Q$_[0]\E/ },
    "/share/collection/$share.json" => sub { qr/"\Q$_[0]\E"/ },
);
sub warm { $story->get($_) for (keys %documents, $document) x 2 }
sub all_show {
    my ($name, $what) = @_;
    for my $path (sort keys %documents) {
        my $answer = $story->get($path);
        ok($answer->{status} == 200 && $answer->{content} =~ $documents{$path}->($name), "$what: $path shows $name")
            or diag "$answer->{status} " . substr $answer->{content}, 0, 200;
    }
}
sub all_gone {
    my ($what) = @_;
    is($story->get($_)->{status}, 404, "$what: $_ is gone") for $document, grep { !/groups/ } sort keys %documents;
    unlike($story->get($groups)->{content}, qr/"groupId":$group\b/, "$what: $groups does not name it");
}
sub replica_stops { $stack->sql('STOP SLAVE SQL_THREAD', 'replica') }
sub replica_goes_on { $stack->sql('START SLAVE SQL_THREAD', 'replica') }

subtest 'documents come out of the cache' => sub {
    warm();
    my $before = $stack->log_lines('read');
    is($story->get($document)->{status}, 200, 'read') for 1 .. 40;
    # On a busy machine memcached may be too late for some.
    my @lines = $stack->log_lines('read');
    my @asked = grep { ($_->{event} // '') eq 'request' } @lines[ $before .. $#lines ];
    cmp_ok(scalar @asked, '<=', 20, 'most of forty reads ask no worker (' . @asked . ')');
};

# All sent, and what is to be done then, before any answer is read: the whole answers.
sub burst {
    my ($count, $path, $then) = @_;
    my @open = map {
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $stack->port) // die "cannot connect: $@";
        print {$socket} "GET $path HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        $socket->flush;
        $socket;
    } 1 .. $count;
    $then->();
    return map { my $socket = $_; local $/; my $answer = <$socket>; close $socket; $answer } @open;
}
# How many of 500 readers of a cold document asked the database. `slow_s`: so long the database hangs.
sub asked_of_burst {
    my ($path, $slow_s) = @_;
    warm();
    rename_to('Number ' . ++$number);
    $stack->pause('primary') if $slow_s;
    my $before = $stack->log_lines('read');
    my %lines;
    $lines{ (split /\r\n/)[0] }++ for burst(500, $path, sub {
        sleep $slow_s;
        $stack->continue('primary') if $slow_s;
    });
    is_deeply(\%lines, { 'HTTP/1.1 200 OK' => 500 }, "$path: each is answered");
    my @lines = $stack->log_lines('read');
    return scalar grep { ($_->{event} // '') eq 'request' && $_->{db_us} > 0 } @lines[ $before .. $#lines ];
}
# On a busy machine memcached may be too late for a worker, which then builds for a second what it is asked for.
sub bursts_ask {
    my ($path, $slow_s, $most) = @_;
    my (undef, $median, $worst) = sort { $a <=> $b } map { asked_of_burst($path, $slow_s) } 1 .. 3;
    cmp_ok($median, '<=', $most, "$path: of 500 requests $median asked the database");
    cmp_ok($worst, '<=', 125, "... and never more than $worst");
}
subtest 'a burst on a cold document builds it once, not once a reader' => sub {
    bursts_ask($_, 0, 2) for $document, "/share/collection/$share";
};
# All workers end at once then, and some are at the next reader before the first has stored it.
subtest 'where that takes longer than anybody waits for it each worker builds it once, or twice' => sub {
    my $workers = $stack->workers('read');
    bursts_ask($_, 0.8, 2 * $workers) for $document, "/share/collection/$share";
};

subtest 'read your writes: what was acknowledged is shown, everywhere, at once' => sub {
    for (1 .. 10) {
        warm();
        rename_to('Number ' . ++$number);
        all_show("Number $number", "write $_");
    }
};

subtest 'also while the replica is behind' => sub {
    replica_stops();
    warm();
    rename_to('Number ' . ++$number);
    all_show("Number $number", 'the replica has not seen it');
    all_show("Number $number", 'again');
    my $page = $browser->get("/collections/$group");
    like($page->decoded_content, qr/Number $number/, 'its owner sees it too');
    my $new = $story->collection($email, 'Made meanwhile', 1, $badges[2]{id});
    my $path = $stack->sql("SELECT path FROM obi.collection WHERE id = $new")->[0][0];
    is($story->get($_)->{status}, 200, "a new collection is there: $_")
        for "/displayer/$user/group/$new.json", "/share/collection/$path", "/share/collection/$path.json";
    like($story->get($groups)->{content}, qr/"groupId":$new\b/, 'and is named');
    replica_goes_on();
    sleep 0.5;
    all_show("Number $number", 'the replica has caught up');
};

subtest 'no resurrection: nothing older comes back while a replica catches up' => sub {
    warm();
    replica_stops();
    rename_to('Number ' . ++$number);
    for (1 .. 30) {
        my $answer = $story->get($groups);
        like($answer->{content}, qr/"Number $number"/, "read $_") or last;
        sleep 0.05;
    }
    # A copy that a reader stored meanwhile must not outlive the next write either.
    rename_to('Number ' . ++$number);
    all_show("Number $number", 'the next write');
    replica_goes_on();
    sleep 0.3;
    all_show("Number $number", 'and afterwards');
};

subtest 'nothing private: what was taken back is gone before the answer' => sub {
    my $picture = $story->json($document)->{badges}[0]{imageUrl};
    for my $lag (0, 1) {
        $story->show_collection($email, $group, 'public', "Number $number");
        warm();
        is($story->get($picture)->{status}, 200, 'the picture is public');
        replica_stops() if $lag;
        $story->show_collection($email, $group, 'private', "Number $number");
        my $what = $lag ? 'with the replica behind' : 'private';
        all_gone($what);
        is($story->get($picture)->{status}, 404, "$what: so is the picture");
        sleep 0.2;
        all_gone("$what, later");
        replica_goes_on() if $lag;
        sleep 0.3;
        all_gone("$what, at last");
    }
    $story->show_collection($email, $group, 'public', "Number $number");
    all_show("Number $number", 'public again');
};

subtest 'readers and writers at once' => sub {
    my $seconds = 3;
    my @readers;
    for my $n (1 .. 3) {
        my ($out, $file) = tempfile(UNLINK => 1);
        my $pid = fork // die $!;
        if ($pid == 0) {
            my $end = time + $seconds + 1;
            while (time < $end) {
                my $began = time;
                my ($seen) = $story->get($groups)->{content} =~ /"name":"Number (\d+)"/;
                printf {$out} "%.4f %s\n", $began, $seen // 'none';
            }
            close $out;
            require POSIX;
            POSIX::_exit(0);
        }
        push @readers, [ $pid, $file ];
    }
    my @acknowledged = ([ time, $number ]);
    my $end = time + $seconds;
    while (time < $end) {
        replica_stops() if $number % 7 == 3;
        rename_to('Number ' . ++$number);
        push @acknowledged, [ time, $number ];
        replica_goes_on() if $number % 7 == 6;
    }
    replica_goes_on();
    my ($reads, $old, $none) = (0, 0, 0);
    for my $reader (@readers) {
        waitpid $reader->[0], 0;
        open my $in, '<', $reader->[1] or die $!;
        while (<$in>) {
            my ($began, $seen) = split;
            $reads++;
            $seen eq 'none' ? $none++ : do {
                my ($due) = map { $_->[1] } grep { $_->[0] < $began } reverse @acknowledged;
                $old++ if defined $due && $seen < $due;
            };
        }
    }
    cmp_ok(scalar @acknowledged, '>', 5, scalar(@acknowledged) . ' writes');
    cmp_ok($reads, '>', 50, "$reads reads");
    is($none, 0, 'each was answered');
    is($old, 0, 'none showed less than what had been acknowledged when it began');
};

subtest 'the cache is optional' => sub {
    $stack->expect_log(qr/CACHE_DOWN|cache/i);
    $stack->kill('memcached');
    rename_to('Number ' . ++$number);
    all_show("Number $number", 'without memcached');
    rename_to('Number ' . ++$number);
    all_show("Number $number", 'again');
    $stack->start('memcached');
    ok($stack->wait_until(10, sub { warm(); $story->get($groups)->{content} =~ /Number $number/ }), 'it is back');
    rename_to('Number ' . ++$number);
    all_show("Number $number", 'with memcached again');

    $stack->pause('memcached');
    my $began = time;
    is($story->get($document)->{status}, 200, 'one that hangs') for 1 .. 5;
    cmp_ok(time - $began, '<', 5, 'costs little');
    rename_to('Number ' . ++$number);
    $stack->continue('memcached');
    all_show("Number $number", 'a write meanwhile is not undone by what it still held');
    sleep 1;
    all_show("Number $number", 'nor a second later');
};

subtest 'killed workers lose nothing' => sub {
    $stack->expect_log(qr{upstream|Connection reset});
    for my $pool (qw(read app)) {
        warm();
        CORE::kill('KILL', $stack->workers($pool));
        ok($stack->wait_until(15, sub { $story->get($document)->{status} == 200 }), "$pool: reads come back");
        ok($stack->wait_until(15, sub { $browser->get('/collections')->code == 200 }), "$pool: pages too");
        rename_to('Number ' . ++$number);
        all_show("Number $number", $pool);
    }
};

subtest 'without the primary reads go on and writes say so' => sub {
    $stack->expect_log(qr/STORE_DOWN|db|primary/i);
    warm();
    # What comes after stays there.
    $stack->stop('jobs');
    $stack->sql("UPDATE obi.heartbeat SET at_us = 1e6 * UNIX_TIMESTAMP('2026-01-02 03:04:05')");
    my $beat = $stack->sql('SELECT at_us DIV 1000000 FROM obi.heartbeat')->[0][0];
    ok($stack->wait_until(10, sub { $stack->sql('SELECT at_us DIV 1000000 FROM obi.heartbeat', 'replica')->[0][0] == $beat }),
        'the replica has all up to a time');
    replica_stops();
    $stack->sql('UPDATE obi.heartbeat SET at_us = at_us + 3600000000');
    $stack->stop('primary');
    for my $path ($groups, $document, "/share/collection/$share") {
        my $answer = $story->get($path);
        is($answer->{status}, 200, "$path is there");
    }
    $stack->kill('memcached');
    $stack->start('memcached');
    my $page = uri_escape($stack->base . "/share/collection/$share");
    my $time = strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $beat);
    for (
        [ $document, 200 ],
        [ "$document?callback=f", 200 ],
        [ "/oembed?url=$page", 200 ],
        [ "/oembed/collection/$share.json?maxwidth=200", 200 ],
        [ "/displayer/$user/group/$group", 200, Accept => 'application/json;q=0.5, text/plain' ],
        [ "/share/badge/nothing", 404 ],
        )
    {
        my ($path, $status, @headers) = @$_;
        my $answer;
        # Each worker looks at the replica once a second.
        ok($stack->wait_until(5, sub { (($answer = $story->get($path, @headers))->{headers}{'x-obi-as-of'} // '') eq $time }),
            "$path is marked with the time it is from") or diag($answer->{headers}{'x-obi-as-of'});
        is($answer->{status}, $status, '... and no cache holds it');
    }
    my $reply = eval { $browser->post_form("/collections/$group/change", { name => 'Lost', visibility => 'public', description => '' }) };
    is($reply->code, 503, 'a write is refused') if $reply;
    ok($reply && $reply->header('Retry-After'), 'for now');
    $stack->start('primary', 'jobs');
    replica_goes_on();
    ok($stack->wait_until(20, sub { eval { rename_to('Number ' . ($number + 1)); 1 } }), 'writes come back by themselves');
    $number++;
    ok($stack->wait_until(5, sub { $story->get($groups)->{content} =~ /Number $number/ }), 'and show');
};

done_testing;
