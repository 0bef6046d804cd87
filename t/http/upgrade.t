#!/usr/bin/perl
# While people read and write, each pool gets new workers, a new program, nginx its settings anew and the jobs a
# restart: nobody's request fails.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Copy qw(copy);
use IO::Socket::UNIX;
use Test::More;
use Time::HiRes qw(sleep time);
use OBI::Story;
use OBI::Test;

my $stack = OBI::Test->private;
my $story = OBI::Story->new($stack, 'upgrade');
my $var   = $stack->var;
my @pools = qw(read app fetch fetch-anon signin);

# What one client does again and again: [what it is, a function that gives undef or what was wrong].
my $made = 0;
sub expects { # expects CODE, SUB for a reply
    my ($code, $ask) = @_;
    return sub {
        my $reply = $ask->();
        return $reply->code == $code ? undef : $reply->status_line . ': ' . substr $reply->decoded_content // '', 0, 200;
    };
}
sub learner { # with a badge and a collection
    my $email   = $story->address('learner' . ++$made);
    my $url     = $story->issuer->badge("kept$made", to => $email);
    my $browser = $stack->browser->sign_in($email);
    $browser->post_form('/backpack/add', [ url => $url ])->code == 200 or die 'no badge';
    my ($id) = $browser->post_form('/collections', { name => 'Mine' })->header('Location') =~ m{(\d+)$} or die 'no collection';
    return ($browser, $url, $id);
}
sub writer {
    my ($browser, undef, $id) = learner();
    my $n = 0;
    return sub {
        my $name  = 'Name ' . ++$n;
        my $reply = $browser->post_form("/collections/$id/change", { name => $name, description => '', path => '', visibility => 'private' });
        return 'a write: ' . $reply->status_line if $reply->code != 303;
        $reply = $browser->get("/collections/$id");
        return 'the page after it: ' . $reply->status_line if $reply->code != 200;
        return $reply->decoded_content =~ /\Q$name\E/ ? undef : 'a write was lost';
    };
}
sub adder {
    my ($browser, $url) = learner();
    my $ask = sub { $browser->post_form('/backpack/add', [ url => $url ]) };
    return expects($ask->()->code, $ask);
}
my $shown = $story->address('shown');
my ($badge) = $story->import_all($shown, $story->issuer->badge('shown', to => $shown));
my $group = $story->collection($shown, 'Shown', 1, $badge->{id});
my $document = '/displayer/' . $story->user_id($shown) . "/group/$group.json?callback=f";
my @visitors = map { $stack->browser } 1 .. 4;
my $anybodys = $story->issuer->badge('anybody', to => 'x@example.org');
$visitors[0]->get('/signin');
my @clients = (
    [ 'a write, and the page after it' => writer() ],
    [ 'a write, and the page after it' => writer() ],
    [ 'a write, and the page after it' => writer() ],
    [ 'adding a badge' => adder() ],
    [ 'a read' => expects(200, sub { $visitors[1]->get($document) }) ],
    [ 'a read' => expects(200, sub { $visitors[2]->get($document) }) ],
    # Slower than what nginx would say no to.
    [ 'verifying' => expects(200, sub { $visitors[3]->post('/verify', [ data => $anybodys ], Accept => 'application/json') }), 0.6 ],
    [ 'signing in elsewhere' => expects(404, sub { $visitors[0]->post_form('/signin/oidc/nobody', {}) }), 0.3 ],
);

# Runs all clients while `change` is made: how much they did, how long one waited at most, and what failed.
sub under_load {
    my ($change) = @_;
    my @from = map {
        my ($what, $do, $pause) = @$_;
        my $pid = open(my $in, '-|') // die "fork: $!";
        if ($pid == 0) {
            my ($count, $longest, @bad) = (0, 0);
            until (-e "$var/enough") {
                my $begun = time;
                my $bad = $do->();
                $count++;
                $longest = time - $begun if time - $begun > $longest;
                push @bad, "$what: $bad" if defined $bad;
                sleep $pause if $pause;
            }
            $| = 1;
            print "$count $longest\n", map { s/\s+/ /gr . "\n" } @bad;
            POSIX::_exit(0);
        }
        $in;
    } @clients;
    sleep 0.5;
    $change->();
    sleep 0.5;
    open my $enough, '>', "$var/enough" or die;
    my ($all, $longest, @failed) = (0, 0);
    for my $in (@from) {
        my ($count, $its_longest) = split ' ', <$in> // '0 0';
        push @failed, 'a client ended' if $count == 0;
        $all += $count;
        $longest = $its_longest if $its_longest > $longest;
        push @failed, map { chomp; $_ } <$in>;
    }
    unlink "$var/enough";
    return ($all, $longest, @failed);
}
sub holds {
    my ($name, $change) = @_;
    my ($all, $longest, @failed) = under_load($change);
    is scalar @failed, 0, sprintf '%s: none of %d requests failed, the longest took %.1f s', $name, $all, $longest;
    diag $_ for @failed[ 0 .. ($#failed > 4 ? 4 : $#failed) ];
    return;
}
sub all_workers { return map { $stack->workers($_) } @pools }

holds 'new workers in every pool' => sub {
    my %before = map { $_ => 1 } all_workers();
    $stack->reload(@pools);
    is scalar(grep { $before{$_} } all_workers()), 0, 'no worker of before is left';
};

# Another build in another folder, as deploy/up --preset has it.
mkdir "$var/newer" or die;
copy("$OBI::Test::TOP/build/dev/obi-fcgi", "$var/newer/obi-fcgi") or die;
chmod 0755, "$var/newer/obi-fcgi";
my $build = readlink "$var/run/build";
holds 'another program' => sub {
    system('ln', '-sfn', "$var/newer", "$var/run/build");
    $stack->reload(@pools);
    $stack->wait_until(5, sub { !grep { (readlink "/proc/$_/exe" // '') !~ m{/newer/obi-fcgi$} } all_workers() });
    is_deeply [ grep { (readlink "/proc/$_/exe" // '') !~ m{/newer/obi-fcgi$} } all_workers() ], [], 'every worker is of the newer one';
    system('ln', '-sfn', $build, "$var/run/build");
    $stack->reload(@pools);
};

holds 'nginx takes up its settings anew, and the jobs begin anew' => sub {
    for (1 .. 3) {
        $stack->reload('nginx');
        $stack->stop('jobs', 'recheck');
        $stack->start('jobs', 'recheck');
    }
};

# nginx may be held up between the connection and what it sends over it.
subtest 'a worker that has taken a connection answers it, whenever it is told to end' => sub {
    my %before = map { $_ => 1 } $stack->workers('read');
    local $SIG{PIPE} = 'IGNORE';
    my $keeper = $stack->pid('read');
    my $nginx = IO::Socket::UNIX->new(Peer => "$var/run/read.sock") or die "read.sock: $!";
    sleep 0.2;
    kill USR2 => $keeper;
    sleep 0.3; # libfcgi itself waits 2 s
    my $params = join '', map { pack('CC', length $_->[0], length $_->[1]) . join '', @$_ }
        [ REQUEST_METHOD => 'GET' ], [ REQUEST_URI => '/healthz' ], [ SERVER_PROTOCOL => 'HTTP/1.1' ];
    my $record = sub { my ($type, $bytes) = @_; return pack('CCnnCC', 1, $type, 1, length $bytes, 0, 0) . $bytes };
    print {$nginx} $record->(1, pack 'nC6', 1, (0) x 6), $record->(4, $params), $record->(4, ''), $record->(5, '');
    $nginx->flush;
    local $/;
    like <$nginx> // '', qr/Status: 200/, 'and answers';
    ok $stack->wait_until(10, sub { !grep { $before{$_} } $stack->workers('read') }), 'then it ends, as all have';
};

done_testing;
