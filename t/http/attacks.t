#!/usr/bin/perl
# Attacks on who signs in and on what a session may do, each by its name, over the whole table of routes. What is
# special to a way of signing in stands in the test of that way.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use OBI::Fixation;
use OBI::Passkey;
use OBI::Test;
use Test::More;
use Time::HiRes qw(time);
use URI::Escape qw(uri_escape);

my $stack = OBI::Test->private(conf => "signin.per_client = 100000\nsignin.per_address = 1000\n");
$stack->stop('recheck'); # it writes when it likes
my $n = 0;
sub address { return sprintf 'attacks-%d@example.org', ++$n }
my $email   = address();
my $learner = $stack->browser->sign_in($email);
my $other   = $stack->browser->sign_in(address());

my @rows = do {
    local (@ARGV, $/) = "$OBI::Test::TOP/src/app/routes.c";
    my $table = <>;
    my @all;
    push @all, { method => $1, path => $2, split_row($3) } while $table =~ /\{\s*HTTP_(\w+),\s*"([^"]+)",(.*?)\}/gs;
    @all;
};
sub split_row { return $_[0] =~ /\.(\w+) = "?(\w+)/g }
cmp_ok scalar @rows, '>', 80, 'the table of routes was read';
# An address of that row.
sub at { my ($row) = @_; return $row->{path} =~ s/:token/'x' x 43/er =~ s/:\w+/1/gr }

# All that is stored but what counts requests and what is gone by itself.
my @tables = grep { !/^(?:rate|outbox|cache_purge|check_host|heartbeat)$/ }
    map { $_->[0] } @{ $stack->sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'obi' ORDER BY 1") };
sub stored { return join ' ', map { join '=', map { $_ // '' } @$_ } @{ $stack->sql('CHECKSUM TABLE ' . join ', ', map { "obi.`$_`" } @tables) } }

sub code_in { my ($address) = @_; return $stack->mail_for($address) =~ /^(\d{3} \d{3})$/m }

subtest 'session fixation: signing in makes a new session, and ends the one there was' => sub {
    my $passkey = OBI::Passkey->new->add($stack->browser->sign_in(address()));
    my %sign_in = (
        link => sub { my ($browser) = @_; my $link = $stack->browser->sign_in_link(address()); $browser->get($link); return $browser->post_form($link, {}) },
        code => sub { my ($browser, $as) = (@_, address()); $browser->post_form('/signin', { email => $as }); return $browser->post_form('/signin/code', { email => $as, code => code_in($as) }) },
        passkey => sub { return $passkey->sign_in(@_) },
    );
    for my $way (sort keys %sign_in) {
        my (undef, $known) = token_of($stack->browser->sign_in(address()));
        fixation_fails($stack, "by the $way", $sign_in{$way}, $known, 'x' x 43);
    }
};

subtest 'CSRF: whatever changes something needs the token of a form of ours' => sub {
    # What acts in nobody's name, for it knows no cookie.
    my %nobodys = map { $_ => 1 } qw(/displayer/convert/email /verify /issuer/frameless /api/token /api/issue);
    $_->get('/settings') for $learner, $other;
    my ($mine, $theirs, $before) = ($learner->csrf, $other->csrf, stored());
    for my $row (grep { $_->{method} ne 'GET' && $_->{method} ne 'OPTIONS' } @rows) {
        my $path = at($row);
        if ($row->{csrf} eq 'NO_COOKIE') {
            ok delete $nobodys{$path}, "$path acts in nobody's name";
            next;
        }
        my %sent = $row->{csrf} eq 'TOKEN' ? (_csrf => $mine) : ();
        is $learner->post($path, \%sent, 'Sec-Fetch-Site' => $_)->code, 403, "$path from a page that is $_" for qw(cross-site same-site);
        if ($row->{csrf} eq 'TOKEN') {
            is $learner->post($path, {})->code, 403, '... without the token';
            is $learner->post($path, { _csrf => $theirs })->code, 403, '... with somebody else\'s';
            is $learner->post("$path?_csrf=$mine", {})->code, 403, '... with it in the address';
        } else {
            is $learner->post($path, {}, Origin => $_)->code, 403, "... of the origin $_" for 'https://evil.example', 'null';
        }
    }
    is_deeply [ keys %nobodys ], [], 'all of those were there';
    is stored(), $before, 'nothing was changed';
    is $learner->get('/backpack')->code, 200, 'and the learner is still in';
};

my @astray = ('https://evil.example/', '//evil.example/', '///evil.example/', '/\\evil.example/', '\\/evil.example/', "/\t/evil.example/", "/\n/evil.example/",
    "\t//evil.example/", ' //evil.example/', 'evil.example', 'javascript:alert(1)', 'https:evil.example', "/a\r\nLocation: https://evil.example/", '/' . 'x' x 1025);
subtest 'open redirects: where one goes on to is a path of ours' => sub {
    for my $next (@astray) {
        my $name = substr $next =~ s/[^ -~]/./gr, 0, 40;
        my $visitor = $stack->browser;
        my $as = address();
        $visitor->get('/signin?next=' . uri_escape($next));
        $visitor->post_form('/signin', { email => $as, next => $next });
        my %reply = (
            'signed in already' => $learner->get('/signin?next=' . uri_escape($next)),
            'signing out'       => $stack->browser->post_form('/signout', { next => $next }),
            'signing in'        => $visitor->post_form('/signin/code', { email => $as, code => code_in($as) }),
        );
        for my $when (sort keys %reply) {
            is $reply{$when}->code, 303, "$when, $name";
            like $reply{$when}->header('Location'), qr{\A/(?:backpack)?\z}, '... leads home';
        }
    }
};

subtest 'clickjacking: no page is in a frame, but those that nobody can do anything on' => sub {
    my $seen = 0;
    for my $row ((grep { $_->{method} eq 'GET' } @rows), { path => '/nothing/here' }) {
        for my $who ($learner, $stack->browser) {
            my $reply = $who->get(at($row), Accept => 'text/html');
            next if $reply->content_type ne 'text/html';
            $seen++;
            my $who_may = $row->{framed} ? '*' : "'none'";
            like $reply->header('Content-Security-Policy'), qr/frame-ancestors \Q$who_may\E/, "$row->{path}: " . $reply->code;
        }
    }
    cmp_ok $seen, '>', 40, "$seen pages";
    is_deeply [ sort map { $_->{path} } grep { $_->{framed} } @rows ], ['/embed/badge/:path', '/embed/collection/:path', '/issuer/frame'], 'they are three';
    unlike $learner->get('/issuer/frame')->decoded_content, qr/\Q$email/, 'and does not know who looks';
};

subtest 'login CSRF: nobody is signed in as somebody else by what they did not press' => sub {
    my ($eve, $victim, $as) = ($stack->browser, $stack->browser, address());
    my $link = $eve->sign_in_link($as);
    $eve->get($link);
    for my $how (qw(get head)) {
        ok !grep({ /_session=[\w-]/ } $victim->$how($link)->header('Set-Cookie')), "a link that a page opens ($how) signs nobody in";
    }
    like $victim->get($link)->decoded_content, qr/\Q$as/, 'and says whose it is';
    is $victim->post($link, {})->code, 403, 'a form of another site neither';
    is $victim->post($link, { _csrf => $eve->csrf })->code, 403, '... also with her own token in it';
    $eve->get('/signin');
    $eve->post_form('/signin', { email => $as });
    my $code = code_in($as);
    $victim->get('/signin');
    is $victim->post_form('/signin/code', { email => $as, code => $code })->code, 400, 'her digits are of no use in another browser';
    my $passkey = OBI::Passkey->new->add($stack->browser->sign_in($as));
    $eve->get('/signin');
    my %answer = $passkey->answer($eve);
    is $victim->post('/signin/passkey', { %answer, _csrf => $_ })->code, 403, 'her passkey from a form of another site neither' for '', $eve->csrf;
    $victim->get('/signin');
    $victim->post_form('/passkey/challenge', {});
    is $victim->post_form('/signin/passkey', \%answer)->code, 400, 'nor from a form here: its challenge is another';
    is $eve->post_form('/signin/passkey', \%answer)->code, 303, 'where it was asked for it is good';
    is $victim->get('/backpack')->code, 303, 'nobody is in';
};

subtest 'Referer: no address that is a secret is told to anybody' => sub {
    my $secret = 0;
    for my $row (grep { $_->{pool} } @rows) {
        my $path = at($row);
        my $reply = $row->{method} eq 'GET' ? $learner->get($path) : $row->{method} eq 'POST' ? $learner->post($path, {}) : next;
        my $is_secret = $row->{path} =~ m{/:token|^/(?:share|embed)/|/callback$|^/access$} && ($reply->content_type eq 'text/html' || $reply->code == 303);
        $secret++ if $is_secret;
        like $reply->header('Referrer-Policy'), $is_secret ? qr/^no-referrer$/ : qr/^(?:no-referrer|same-origin)$/, "$row->{method} $row->{path}: " . $reply->code;
    }
    cmp_ok $secret, '>', 8, "$secret of them";
};

# Numbers, since a time says little on a machine that does other things: what is done is the same, so it takes as long.
sub executed { return $stack->sql("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'")->[0][1] }
sub median { my @all = sort { $a <=> $b } @_; return $all[ @all / 2 ] }
sub plain { my ($reply) = @_; return $reply->code . $reply->decoded_content =~ s/attacks-\d+\@example\.org/ADDRESS/gr =~ s/name="_csrf" value="[^"]*"/CSRF/gr }
subtest 'enumeration: neither an answer nor its time says who has an account' => sub {
    my @known = map { address() } 1 .. 20;
    my @unknown = map { address() } 1 .. 20;
    is +($stack->obi('user', 'add', @known))[0], 0, 'these have';
    $stack->stop('jobs');
    my $visitor = $stack->browser;
    $visitor->get('/signin');
    $learner->get('/settings');
    my %ask = (
        '/signin'             => [ $visitor, 20, {} ],
        '/signin/code'        => [ $visitor, 15, { code => '000000' } ],
        '/settings/addresses' => [ $learner, 8,  {} ],
    );
    for my $path (sort keys %ask) {
        my ($who, $rounds, $more) = @{ $ask{$path} };
        my (@took, @did, @said);
        for my $i (0 .. $rounds - 1) {
            for my $kind ($i % 2 ? (0, 1) : (1, 0)) {
                my ($before, $began) = (executed(), time);
                my $reply = $who->post_form($path, { email => ($kind ? $known[$i] : $unknown[$i]), %$more });
                push @{ $took[$kind] }, time - $began;
                push @{ $did[$kind] },  executed() - $before;
                push @{ $said[$kind] }, plain($reply);
            }
        }
        is_deeply $said[1], $said[0], "$path says the same";
        cmp_ok $did[0][0], '>', 2, '... by statements';
        is_deeply $did[1], $did[0], '... as many as for the other';
        my ($known, $unknown) = map { median(@{ $took[$_] }) } 1, 0;
        cmp_ok $known, '<', 2 * $unknown + .01, sprintf '... in %.1f and %.1f ms', $known * 1000, $unknown * 1000;
        cmp_ok $unknown, '<', 2 * $known + .01, '... neither is slower';
    }
    $stack->start('jobs');
};

done_testing;
