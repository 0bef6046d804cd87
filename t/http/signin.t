#!/usr/bin/perl
# Signing in by e-mail link: what a link does, what it does not, and how often one may ask.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use POSIX qw(strftime);
use Test::More;
use OBI::Test;

# Its own stack: it moves the clock and uses limits up.
my $stack = OBI::Test->private(conf => "signin.per_client = 40\n");
my $n = 0;
sub address { return sprintf 'signin-%d@example.org', ++$n }

subtest 'a learner gets in by the mailed link' => sub {
    my $learner = $stack->browser;
    my $reply = $learner->get('/backpack');
    is $reply->code, 303, 'the backpack is not for everybody';
    is $reply->header('Location'), '/signin', 'and leads to sign-in';
    my $link = $learner->sign_in_link(my $email = address());
    my $base = $stack->base;
    like $link, qr{^\Q$base\E/signin/[\w-]{43}$}, 'the link is ours and its token is long';
    $reply = $learner->get($link);
    is $reply->code, 200, 'the link opens a page';
    like $reply->decoded_content, qr/\Q$email\E/, 'that names the address';
    $reply = $learner->post_form($link, {});
    is $reply->code, 303, 'its button signs in';
    my ($cookie) = grep { /_session=/ } $reply->header('Set-Cookie');
    like $cookie, qr/; HttpOnly/, 'the session cookie is not for scripts';
    like $cookie, qr/; SameSite=Lax/, 'nor for other sites';
    is $learner->follow($reply)->code, 200, 'the backpack opens';
};

subtest 'the mail says what it is and carries nothing it should not' => sub {
    my $visitor = $stack->browser;
    $visitor->get('/signin');
    $visitor->post_form('/signin', { email => my $email = address() });
    my $mail = $stack->mail_for($email);
    like $mail, qr/^Subject: .*sign-in link/mi, 'subject';
    like $mail, qr/15 minutes/, 'how long it works';
    is scalar(() = $mail =~ /^To:/mg), 1, 'one recipient';
};

subtest 'links are made from the configured address, never from a header' => sub {
    my $visitor = $stack->browser;
    $visitor->get('/signin');
    my $email = address();
    for my $header ([ Host => 'evil.example' ], [ 'X-Forwarded-Host' => 'evil.example' ]) {
        $visitor->post_form('/signin', { email => $email }, @$header);
        my $mail = $stack->mail_for($email, 5) // next;
        unlike $mail, qr/evil/, "$header->[0] does not reach the mail";
    }
};

subtest 'opening a link never uses it up; using it does' => sub {
    my $learner = $stack->browser;
    my $link = $learner->sign_in_link(address());
    for my $how (qw(get head get)) {
        my $reply = $learner->$how($link);
        is $reply->code, 200, "$how leaves it as it is";
        ok !grep({ /_session=[\w-]/ } $reply->header('Set-Cookie')), 'and signs nobody in';
    }
    is $learner->post($link, {})->code, 403, 'neither does a form without its token';
    is $learner->post_form($link, {})->code, 303, 'the button works still';
    my $second = $stack->browser;
    is $second->get($link)->code, 404, 'then the link is dead';
    is $second->post_form($link, {})->code, 404, 'and its button too';
};

subtest 'the device that opens the link is signed in, never the one that asked' => sub {
    my $asking = $stack->browser;
    my $link = $asking->sign_in_link(address());
    my $opening = $stack->browser;
    $opening->get($link);
    is $opening->post_form($link, {})->code, 303, 'another device opens and confirms';
    is $opening->get('/backpack')->code, 200, 'and is in';
    is $asking->get('/backpack')->code, 303, 'the one that asked is not';
};

subtest 'a new link makes the old one invalid' => sub {
    my $learner = $stack->browser;
    my $email = address();
    my $old = $learner->sign_in_link($email);
    my $new = $learner->sign_in_link($email);
    isnt $new, $old, 'there are two';
    is $learner->get($old)->code, 404, 'the old is dead';
    is $learner->get($new)->code, 200, 'the new works';
};

subtest 'a link works for fifteen minutes' => sub {
    my $learner = $stack->browser;
    my $link = $learner->sign_in_link(address());
    $stack->clock(14 * 60);
    is $learner->get($link)->code, 200, 'after fourteen it opens';
    $stack->clock(15 * 60 + 5);
    is $learner->get($link)->code, 404, 'after fifteen it does not';
    is $learner->post_form($link, {})->code, 404, 'nor does its button';
    $stack->clock(0);
};

# Asks for a mail: the code in it, and the link.
sub ask_for_code {
    my ($visitor, $email, %form) = @_;
    $visitor->get('/signin');
    is $visitor->post_form('/signin', { email => $email, %form })->code, 200, 'a mail is sent';
    my $mail = $stack->mail_for($email);
    my ($code) = $mail =~ /^(\d{3} \d{3})$/m;
    my ($link) = $mail =~ m{(https?://\S+/signin/\S+)};
    return ($code, $link);
}

subtest 'the code in the mail signs in the browser that asked' => sub {
    my ($visitor, $email) = ($stack->browser, address());
    my ($code, $link) = ask_for_code($visitor, $email);
    like $code, qr/^\d{3} \d{3}$/, 'the mail has six digits';
    my $elsewhere = $stack->browser;
    $elsewhere->get('/signin');
    is $elsewhere->post_form('/signin/code', { email => $email, code => $code })->code, 400, 'they work in no other browser';
    my $reply = $visitor->post_form('/signin/code', { email => uc $email, code => $code =~ s/ //r });
    is $reply->code, 303, 'and do here, with or without the blank';
    is $visitor->get('/backpack')->code, 200, 'who is in';
    is $visitor->get($link)->code, 404, 'and the link of the same mail is used up';
};

subtest 'a code has three tries; then the link is left' => sub {
    my ($visitor, $email) = ($stack->browser, address());
    my ($code, $link) = ask_for_code($visitor, $email);
    my $wrong = $code eq '000 000' ? '111 111' : '000 000';
    for my $left ('2 tries', '1 try') {
        my $reply = $visitor->post_form('/signin/code', { email => $email, code => $wrong });
        is $reply->code, 400, 'wrong digits';
        like $reply->decoded_content, qr/\Q$left\E left/, "... $left left";
    }
    for my $typed ($wrong, $code) {
        my $reply = $visitor->post_form('/signin/code', { email => $email, code => $typed });
        is $reply->code, 400, 'after the third not even the right ones work';
        like $reply->decoded_content, qr/do not work, or no longer/, '... and it says what to do';
    }
    is $visitor->post_form($link, {})->code, 303, 'the link works';
};

subtest 'nobody guesses codes of another address for long' => sub {
    my ($eve, $email) = ($stack->browser, address());
    my %status;
    for my $hour (0 .. 3) {
        $stack->clock($hour * 3605);
        for (1 .. 2) {
            my ($code) = ask_for_code($eve, $email);
            my $wrong = $code eq '000 000' ? '111 111' : '000 000';
            $status{ $eve->post_form('/signin/code', { email => $email, code => $wrong })->code }++ for 1 .. 3;
        }
    }
    is_deeply \%status, { 400 => 20, 429 => 4 }, 'twenty a day';
    my ($code, $link) = ask_for_code($eve, $email);
    is $eve->post_form('/signin/code', { email => $email, code => $code })->code, 429, 'then also right ones are refused';
    is $eve->get($link)->code, 200, 'while the link goes on';
    $stack->clock(0);
};

subtest 'nobody uses up the tries of somebody else' => sub {
    my ($eve, $visitor, $email) = ($stack->browser, $stack->browser, address());
    my ($code) = ask_for_code($visitor, $email);
    $eve->get('/signin');
    my %status;
    $status{ $eve->post_form('/signin/code', { email => $email, code => '000000' })->code }++ for 1 .. 25;
    is_deeply \%status, { 400 => 25 }, 'a browser that asked for no mail has no tries';
    is $visitor->post_form('/signin/code', { email => $email, code => $code })->code, 303, 'and takes none from the one that did';
};

subtest 'nor makes their mail worth nothing' => sub {
    my ($eve, $visitor, $other, $email) = ((map { $stack->browser } 1 .. 3), address());
    my ($code, $link) = ask_for_code($visitor, $email);
    my (undef, $second) = ask_for_code($other, $email);
    ask_for_code($eve, $email);
    is $visitor->post_form('/signin/code', { email => $email, code => $code })->code, 303, 'the digits go on working';
    is $visitor->get($link)->code, 404, '... once';
    is $other->get($second)->code, 200, 'and so does the link of another device';
};

subtest 'signing in leads to where one wanted to go' => sub {
    my $visitor = $stack->browser;
    my $reply = $visitor->get('/collections?x=a%26b');
    is $reply->header('Location'), '/signin?next=/collections%3Fx%3Da%2526b', 'it is carried along';
    $reply = $visitor->get($reply->header('Location'));
    like $reply->decoded_content, qr{name="next" value="/collections\?x&#x3[Dd];a%26b"|name="next" value="/collections\?x=a%26b"},
        '... by the form';
    my ($code, $link) = ask_for_code($visitor, my $email = address(), next => '/collections?x=a%26b');
    my $elsewhere = $stack->browser;
    $elsewhere->get($link);
    is $elsewhere->post_form($link, {})->header('Location'), '/collections?x=a%26b', '... and by the link, wherever it is opened';
    ($code) = ask_for_code($visitor, $email, next => '/settings');
    is $visitor->post_form('/signin/code', { email => $email, code => $code })->header('Location'), '/settings', '... and by the code';
    is $visitor->get('/signin?next=/collections')->header('Location'), '/collections', 'who is in already goes there at once';
    for my $bad ('https://evil.example/', '//evil.example/', '/\\evil.example', "/a\r\nb", '/' . 'x' x 2000) {
        my $other = $stack->browser;
        ($code) = ask_for_code($other, $email = address(), next => $bad);
        is $other->post_form('/signin/code', { email => $email, code => $code })->header('Location'), '/backpack',
            'never to ' . substr $bad =~ s/[^ -~]/./gr, 0, 30;
    }
};

subtest 'known and unknown addresses get the same answer' => sub {
    my $known = address();
    $stack->browser->sign_in($known);
    my ($one, $other) = map { my $v = $stack->browser; $v->get('/signin'); $v->post_form('/signin', { email => $_ }) }
        $known, address();
    is $one->code, $other->code, 'status';
    is $stack->browser->words_of($one, 'signin'), $stack->browser->words_of($other, 'signin'), 'page';
};

subtest 'what is no address is refused, and no mail leaves' => sub {
    my $visitor = $stack->browser;
    $visitor->get('/signin');
    for my $bad ('', 'ann', 'ann@', '@example.org', "ann\@example.org\r\nBcc: eve\@example.org", "a\@b.example\0",
        'a@b.example, c@d.example', '<script>@example.org', 'x' x 300 . '@example.org') {
        is $visitor->post_form('/signin', { email => $bad })->code, 400, 'refused: ' . substr $bad =~ s/[^ -~]/./gr, 0, 40;
    }
    is $stack->mail_for('eve@example.org', 0.2), undef, 'nobody else got one';
    my $reply = $visitor->post_form('/signin', { email => '"><script>alert(1)</script>' });
    unlike $reply->decoded_content, qr/<script>alert/, 'what was typed comes back as text';
};

subtest 'one address gets five mails an hour, whoever asks' => sub {
    my $email = address();
    for my $i (1 .. 5) {
        my $visitor = $stack->browser;
        $visitor->get('/signin');
        is $visitor->post_form('/signin', { email => $email })->code, 200, "mail $i";
    }
    my $visitor = $stack->browser;
    $visitor->get('/signin');
    my $reply = $visitor->post_form('/signin', { email => uc $email });
    is $reply->code, 429, 'not a sixth, in whatever letter case';
    ok $reply->header('Retry-After'), 'with a time to wait';
    is $visitor->post_form('/signin', { email => address() })->code, 200, 'another address gets its mail';
    $stack->clock(3605);
    is $visitor->post_form('/signin', { email => $email })->code, 200, 'after an hour it goes on';
    $stack->clock(0);
};

subtest 'a class of thirty behind one address gets in' => sub {
    my @refused;
    for my $i (1 .. 30) {
        my $pupil = $stack->browser(address => '127.9.9.9');
        $pupil->get('/signin');
        my $reply = $pupil->post_form('/signin', { email => address() });
        push @refused, $i if $reply->code != 200;
    }
    is "@refused", '', 'all of them';
    my $eve = $stack->browser(address => '127.9.9.9');
    $eve->get('/signin');
    my $asked = 30;
    $asked++ while $asked < 60 && $eve->post_form('/signin', { email => address() })->code == 200;
    is $asked, 40, 'the limit for a client holds all the same';
};

subtest 'a form of another visitor, or of another site, is refused' => sub {
    my ($one, $other) = map { $stack->browser } 1, 2;
    $other->get('/signin');
    $one->get('/signin');
    is $one->post('/signin', { email => address(), _csrf => $other->csrf })->code, 403, 'the token of another visitor';
    is $one->post('/signin', { email => address() })->code, 403, 'no token';
    is $one->post_form('/signin', { email => address() }, 'Sec-Fetch-Site' => 'cross-site')->code, 403, 'another site';
    is $one->post_form('/signin', { email => address() }, 'Sec-Fetch-Site' => 'same-origin')->code, 200, 'our own';
};

subtest 'sessions are listed, ended, and kept only as hashes' => sub {
    my $email = address();
    my ($here, $there) = map { $stack->browser->sign_in($email) } 1, 2;
    my ($token) = map { /_session=([\w-]+)/ ? $1 : () } $there->agent->cookie_jar->as_string;
    is length $token, 43, 'a long token';
    my $rows = join ' ', map { @$_ } @{ $stack->sql('SELECT * FROM obi.session') };
    unlike $rows, qr/\Q$token\E/, 'that the database does not have';
    my @ends = $here->get('/settings')->decoded_content =~ m{action="(/settings/session/\d+/end)"}g;
    is scalar @ends, 1, 'the other session can be ended';
    is $stack->browser->sign_in(address())->post_form($ends[0], {})->code, 303, 'somebody else asks for it';
    is $there->get('/backpack')->code, 200, 'in vain';
    is $here->post_form($ends[0], {})->code, 303, 'its owner ends it';
    is $there->get('/backpack')->code, 303, 'and it is over';
    is $here->get('/backpack')->code, 200, 'this one goes on';
};

subtest 'a session says in what browser it is, since when, and when it was last used' => sub {
    my $email = address();
    my %agents = ('Firefox on Windows' => 'Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0',
        'Safari on iPhone' => 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1', 'Unknown device' => '<b>&');
    my %browsers;
    for my $device (keys %agents) {
        $browsers{$device} = $stack->browser;
        $browsers{$device}->agent->agent($agents{$device});
        $browsers{$device}->sign_in($email);
    }
    $stack->clock(3 * 86400);
    is $browsers{'Firefox on Windows'}->get('/backpack')->code, 200, 'one is used three days later';
    my $here = $stack->browser;
    $here->agent->agent('Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0.0.0 Safari/537.36');
    $here->sign_in($email);
    my $page = $here->get('/settings')->decoded_content;
    like $page, qr{<strong[^>]*>\Q$_\E</strong>\s*<br>}, $_ for keys %agents;
    like $page, qr{<strong[^>]*>Chrome on Linux</strong>\s*<span[^>]*>This device<}, 'this one is marked';
    my ($then, $now) = map { strftime('%Y-%m-%d', gmtime $_) } time, time + 3 * 86400;
    my $lines = sub { my ($since, $used) = @_; return qr{\s*<br><span[^>]*>Since <time datetime="$since">[^<]+</time> \S+ last used <time datetime="$used">[^<]+</time>} };
    like $page, qr{>Firefox on Windows</strong>@{[ $lines->($then, $now) ]}}, 'since when, and when it was last used';
    like $page, qr{>Safari on iPhone</strong>@{[ $lines->($then, $then) ]}}, '... and what was not';
    $stack->clock(0);
};

subtest 'signing out is a POST, and ends the session on the server' => sub {
    my $learner = $stack->browser->sign_in(address());
    is $learner->get('/signout')->code, 405, 'a link cannot sign out';
    my $jar = $learner->agent->cookie_jar->as_string;
    my ($name, $token) = $jar =~ /(obi_\d+_session)=([\w-]+)/;
    $learner->get('/settings');
    is $learner->post_form('/signout', {})->code, 303, 'the button does';
    is $learner->get('/backpack')->code, 303, 'signed out';
    is $stack->browser->get('/backpack', Cookie => "$name=$token")->code, 303, 'the old cookie is worth nothing';
};

subtest 'whoever signs in again on a device leaves no session behind' => sub {
    my $email = address();
    my $learner = $stack->browser->sign_in($email);
    my $link = $stack->browser->sign_in_link($email);
    $learner->get($link);
    is $learner->post_form($link, {})->code, 303, 'in again';
    $learner->get('/settings');
    unlike $learner->get('/settings')->decoded_content, qr{/settings/session/\d+/end}, 'there is one session';
};

subtest 'being found is switched in the settings' => sub {
    my $learner = $stack->browser->sign_in(address());
    like $learner->get('/settings')->decoded_content, qr/name="findable" value="1" checked/, 'on at first';
    is $learner->post_form('/settings', {})->code, 303, 'off';
    unlike $learner->get('/settings')->decoded_content, qr/name="findable" value="1" checked/, 'and it stays off';
};

subtest 'no token stands in a log' => sub {
    my $learner = $stack->browser;
    my $link = $learner->sign_in_link(address());
    my ($token) = $link =~ m{/signin/(.*)};
    $learner->get($link);
    $learner->get("$link?x=1");
    $learner->post_form($link, {});
    my ($session) = $learner->agent->cookie_jar->as_string =~ /_session=([\w-]+)/;
    for my $file (glob $stack->var . '/log/*.log') {
        open my $in, '<', $file or next;
        local $/;
        my $text = <$in>;
        ok $text !~ /\Q$token\E/ && $text !~ /\Q$session\E/, $file =~ s{.*/}{}r;
    }
};

done_testing;
