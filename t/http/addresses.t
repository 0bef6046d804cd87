#!/usr/bin/perl
# Several addresses of one person: proving one, two backpacks becoming one, giving one up; and what others can do with
# addresses that are not theirs.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use HTTP::Request;
use Test::More;
use OBI::Story;
use OBI::Test;

# Its own stack: it moves the clock and uses limits up.
my $stack = OBI::Test->private(conf => "signin.per_client = 200\n");
my $story = OBI::Story->new($stack, 'addresses');
my $n = 0;
sub address { return sprintf 'addr-%d@example.org', ++$n }
sub learner { my ($email) = @_; return $stack->browser->sign_in($email // address()) }
# Asks for an address: its mail's link and code.
sub ask {
    my ($learner, $email) = @_;
    $learner->get('/settings');
    my $reply = $learner->post_form('/settings/addresses', { email => $email });
    is $reply->code, 200, "a mail to $email is on its way" or diag $reply->decoded_content;
    my $mail = $stack->mail_for($email) // die "no mail came for $email";
    my ($link) = $mail =~ m{(https?://\S+/settings/addresses/\S+)};
    my ($code) = $mail =~ /^(\d{3} \d{3})$/m;
    return ($link, $code, $mail);
}
sub add {
    my ($learner, $email) = @_;
    my ($link) = ask($learner, $email);
    $learner->get($link);
    return $learner->post_form($link, { owner => 0 });
}
sub addresses_of {
    my ($learner) = @_;
    my ($section) = $learner->get('/settings')->decoded_content =~ m{(<section[^>]*"addresses".*?</section>)}s;
    return join ' ', $section =~ m{<span class="break"[^>]*>([^<]+)</span>}g;
}
sub user_of { my ($email) = @_; return $stack->sql("SELECT user_id FROM obi.user_email WHERE email_key = '$email'")->[0][0] }
# Whether a mail to that address says so; those before it are taken out of the way.
sub told {
    my ($email, $what, $name) = @_;
    while (defined(my $mail = $stack->mail_for($email))) { return pass $name if $mail =~ $what }
    return fail $name;
}

subtest 'an address is added by the link in a mail to it' => sub {
    my ($first, $second) = (address(), address());
    my $learner = learner($first);
    unlike $learner->get('/settings')->decoded_content, qr{/settings/addresses/remove}, 'the only one cannot be removed';
    my ($link, undef, $mail) = ask($learner, $second);
    my $base = $stack->base;
    like $link, qr{^\Q$base\E/settings/addresses/[\w-]{43}$}, 'the link is ours and its token is long';
    unlike $mail, qr/\Q$first\E/, 'the mail does not say who asks: it may go to a stranger';
    for my $how (qw(get head get)) {
        is $learner->$how($link)->code, 200, "$how leaves the link as it is";
    }
    my $page = $learner->get($link)->decoded_content;
    like $page, qr/\Q$second\E.*\Q$first\E/s, 'its page names the address and the backpack';
    is addresses_of($learner), $first, 'nothing has happened yet';
    is $learner->post($link, { owner => 0 })->code, 403, 'nor by a form without its token';
    is $learner->post_form($link, { owner => 0 })->code, 303, 'the button adds it';
    is addresses_of($learner), "$first $second", 'both are in the settings';
    is $learner->get($link)->code, 404, 'the link is used up';
    told($first, qr/was added.*\Q$second\E/s, 'the address that was there before is told');
    my $other = learner($second);
    is addresses_of($other), "$first $second", 'the new one signs in to the same backpack';
    like $other->get('/settings')->decoded_content, qr/class="who".*\Q$first\E/s, 'whose primary address is the first';
};

subtest 'or by the code, in the browser that asked' => sub {
    my ($first, $second, $third) = (address(), address(), address());
    my ($learner, $elsewhere) = (learner($first), learner($first));
    my (undef, $code) = ask($learner, $second);
    $elsewhere->get('/settings');
    is $elsewhere->post_form('/settings/addresses/code', { email => $second, code => $code })->code, 400,
        'not in another one, of the same person';
    is $learner->post_form('/settings/addresses/code', { email => uc $second, code => $code })->code, 303, 'here';
    is addresses_of($learner), "$first $second", 'it is theirs';
    (undef, $code) = ask($learner, $third);
    my $wrong = $code eq '000 000' ? '111 111' : '000 000';
    for my $left ('2 tries', '1 try') {
        my $reply = $learner->post_form('/settings/addresses/code', { email => $third, code => $wrong });
        is $reply->code, 400, 'wrong digits';
        like $reply->decoded_content, qr/\Q$left\E left/, "... $left left";
    }
    is $learner->post_form('/settings/addresses/code', { email => $third, code => $_ })->code, 400, 'then none work'
        for $wrong, $code;
    is addresses_of($learner), "$first $second", 'it is not theirs';
};

subtest 'a link is worth nothing to anybody else' => sub {
    my ($asker, $victim) = (address(), address());
    my $eve = learner($asker);
    my $owner = learner($victim);
    my ($link, $code) = ask($eve, $victim);
    my $path = substr $link, length $stack->base;
    my $reply = $stack->browser->get($link);
    is $reply->code, 303, 'whoever is not signed in is asked to';
    is $reply->header('Location'), "/signin?next=$path", '... and led back';
    $reply = $owner->get($link);
    is $reply->code, 404, 'the victim who opens it in their own backpack';
    like $reply->decoded_content, qr/\Q$victim\E/, '... reads who they are';
    unlike $reply->decoded_content, qr/\Q$asker\E/, '... and not who asked';
    is $owner->post_form($link, { owner => 0 })->code, 404, '... and gives nothing away by its button';
    is $owner->post_form('/settings/addresses/code', { email => $victim, code => $code })->code, 400, '... or by the digits';
    is addresses_of($eve), $asker, 'the asker got nothing';
    is addresses_of($owner), $victim, 'the victim lost nothing';
    isnt user_of($victim), user_of($asker), 'they are two';
    is $eve->get("/settings/addresses/$_")->code, 404, 'what is no token of ours' for 'x', 'x' x 43, 'x' x 4000;
};

subtest 'whoever signs in on the way comes back to the link' => sub {
    my ($first, $second) = (address(), address());
    my ($link) = ask(learner($first), $second);
    my $phone = $stack->browser;
    my $reply = $phone->follow($phone->get($link));
    my ($next) = $reply->decoded_content =~ /name="next" value="([^"]+)"/;
    $phone->post_form('/signin', { email => $first, next => $next });
    my ($signin) = $stack->mail_for($first) =~ m{(https?://\S+/signin/\S+)};
    $phone->get($signin);
    $reply = $phone->follow($phone->post_form($signin, {}));
    like $reply->decoded_content, qr/Add this address.*\Q$second\E/s, 'the page of the link';
    is $phone->post_form($link, { owner => 0 })->code, 303, 'whose button works';
};

subtest 'nobody learns who has an account' => sub {
    my $known = address();
    learner($known);
    my ($asker, $unknown) = (learner(), address());
    my $users = $stack->sql('SELECT COUNT(*) FROM obi.user')->[0][0];
    my ($one, $other) = map { $asker->get('/settings'); $asker->post_form('/settings/addresses', { email => $_ }) } $known, $unknown;
    is $one->code, $other->code, 'the same status for a known and an unknown address';
    is $stack->browser->words_of($one, 'addr'), $stack->browser->words_of($other, 'addr'), '... and the same page';
    my @mails = map { my $m = $stack->mail_for($_); $m =~ s/^.*?\n\n//s; $m =~ s{/addresses/\S+|\d{3} \d{3}}{}g; $m } $known, $unknown;
    is $mails[0], $mails[1], '... and the same mail';
    is $stack->sql('SELECT COUNT(*) FROM obi.user')->[0][0], $users, 'asking makes nobody';
};

subtest 'an address that is not proved matches no badge' => sub {
    my ($first, $second) = (address(), address());
    my $learner = learner($first);
    my $badge = $stack->badges_for($second)->{'first-flight'}{picture};
    my ($link) = ask($learner, $second);
    like $learner->upload($badge)->decoded_content, qr/names another address than yours/, 'refused while a mail is on its way';
    is $stack->sql("SELECT COUNT(*) FROM obi.badge WHERE user_id = " . user_of($first))->[0][0], 0, '... and not stored';
    $learner->get($link);
    is $learner->post_form($link, { owner => 0 })->code, 303, 'proved';
    like $learner->upload($badge)->decoded_content, qr/Added to your backpack/, 'taken';
};

subtest 'of two who prove one address the first gets it, and the second is asked what then' => sub {
    my ($one, $two, $shared) = (address(), address(), address());
    my ($first, $second) = (learner($one), learner($two));
    my ($link) = ask($first, $shared);
    my ($other) = ask($second, $shared);
    is $first->get($link)->code, 200, 'no request makes another account\'s link invalid';
    $second->get($other);
    is $first->post_form($link, { owner => 0 })->code, 303, 'the first';
    my $reply = $second->post_form($other, { owner => 0 });
    is $reply->code, 409, 'the second, whose page said it was free';
    like $reply->decoded_content, qr/Something has changed.*Make them one/s, '... sees what it would mean now';
    is addresses_of($first), "$one $shared", 'nothing has happened to the first';
    is addresses_of($second), $two, 'nor to the second';
    is $second->post_form($other, { owner => user_of($one) + 1 })->code, 409, 'an account that was not shown is not merged';
    isnt user_of($two), user_of($one), '... there are two';
};

# Two backpacks: one with a badge, and one with badges, a public collection and a badge's page.
sub two_backpacks {
    my ($mine, $old) = (address(), address());
    my $learner = learner($mine);
    my $badges = $stack->badges_for($old);
    my $session = $stack->browser->sign_in($old);
    $session->upload($badges->{$_}{picture}) for qw(first-flight team-player);
    my @ids = map { $_->[0] } @{ $stack->sql('SELECT id FROM obi.badge WHERE user_id = ' . user_of($old) . ' ORDER BY id') };
    my $group = $story->collection($old, 'Woodwork', 1, @ids);
    $session->get("/backpack/badge/$ids[0]");
    $session->post_form("/backpack/badge/$ids[0]/visibility", { visibility => 'link', confirmed => 1 });
    return ($learner, $mine, $session, $old, $group, @ids);
}

subtest 'two backpacks become one' => sub {
    my ($learner, $mine, $session, $old, $group, @ids) = two_backpacks();
    my ($from, $into) = (user_of($old), user_of($mine));
    my $share = $stack->sql("SELECT path FROM obi.collection WHERE id = $group")->[0][0];
    my $page = $stack->sql("SELECT path FROM obi.badge_path WHERE badge_id = $ids[0]")->[0][0];
    my @public = ("/share/collection/$share", "/share/badge/$page", "/displayer/$from/groups.json", "/displayer/$from/group/$group.json");
    is $stack->browser->get($_)->code, 200, "$_ is public, and in the cache" for @public, @public;
    my ($link) = ask($learner, $old);
    my $reply = $learner->get($link);
    my $text = $reply->decoded_content;
    like $text, qr/Make two backpacks one\?.*\Q$old\E.*2 badges, 1 collection.*\Q$mine\E/s, 'the page says what there is';
    my ($owner) = $text =~ /name="owner" value="(\d+)"/;
    is $owner, $from, '... and asks about what it shows';
    is $learner->post_form($link, { owner => 0 })->code, 409, 'who was not asked does not merge';
    is $session->get('/backpack')->code, 200, 'all is as it was';
    is $learner->post_form($link, { owner => $from }, 'Sec-Fetch-Site' => 'cross-site')->code, 403, 'nor does another site';
    is $learner->post_form($link, { owner => $from })->code, 303, 'the button does it';
    is addresses_of($learner), "$mine $old", 'the addresses are one person\'s';
    is $learner->get("/backpack/badge/$_")->code, 200, 'with each badge' for @ids;
    is $learner->get("/collections/$group")->code, 200, '... and the collection';
    is $stack->browser->get($_)->code, 200, "$_ is where it was" for @public[0, 1];
    is $session->get('/backpack')->code, 303, 'the other backpack\'s sessions are over';
    for my $rest ('groups.json', "group/$group.json", 'groups.json?callback=a.b') {
        my $moved = $stack->browser->get("/displayer/$from/$rest", Accept => 'application/json');
        is $moved->code, 301, "the old id, $rest";
        is $moved->header('Location'), "/displayer/$into/$rest", '... leads to the new one';
        is $moved->header('Access-Control-Allow-Origin'), '*', '... also for scripts of other sites';
        is $stack->browser->follow($moved)->code, 200, '... which answers';
    }
    is $story->user_id($old), $into, 'who is found by either address';
    told($_, qr/two backpacks .* are one now/s, "$_ is told") for $mine, $old;
    is $learner->post_form($link, { owner => $from })->code, 404, 'a second press finds nothing left to do';
    is addresses_of(learner($old)), "$mine $old", 'the old address signs in to it';
};

subtest 'also by the code, after the same question' => sub {
    my ($learner, $mine, $session, $old) = two_backpacks();
    my ($link, $code) = ask($learner, $old);
    my $reply = $learner->post_form('/settings/addresses/code', { email => $old, code => $code });
    is $reply->code, 303, 'the digits are right';
    is $session->get('/backpack')->code, 200, 'but nothing has happened';
    is $learner->get($link)->code, 404, 'the mail\'s own link is used up';
    my $page = $reply->header('Location');
    $reply = $learner->follow($reply);
    my ($owner) = $reply->decoded_content =~ /name="owner" value="(\d+)"/;
    is $owner, user_of($old), 'the question comes first';
    is $learner->post_form('/settings/addresses/code', { email => $old, code => $code })->code, 400, 'the digits work once';
    is $learner->post_form($page, { owner => $owner })->code, 303, 'the answer makes them one';
    is user_of($old), user_of($mine), 'and they are';
};

subtest 'a learner leaves school, and keeps the badges' => sub {
    my ($school, $home) = (address(), address());
    my ($learner, $lab) = (learner($school), learner($school));
    $learner->upload($stack->badges_for($school)->{'first-flight'}{picture});
    my ($id) = $learner->get('/backpack')->decoded_content =~ m{/backpack/badge/(\d+)};
    is add($learner, $home)->code, 303, 'the private address is added in time';
    my $reply = $learner->post_form('/settings/addresses/remove', { email => $school });
    is $reply->code, 200, 'the school\'s address goes after a question';
    like $reply->decoded_content, qr/The 1 badge that was issued to it stays/, '... that says what it means for the badge';
    like $reply->decoded_content, qr/\Q$home\E becomes your primary address/, '... and for the account';
    is addresses_of($learner), "$school $home", 'asking changes nothing';
    is $learner->post_form('/settings/addresses/remove', { email => $school, confirmed => 1 })->code, 303, 'confirmed';
    is addresses_of($learner), $home, 'it is gone';
    is $lab->get('/backpack')->code, 303, 'who is signed in at school is so no longer';
    told($school, qr/was removed/, 'the address is told');
    my $page = $learner->get("/backpack/badge/$id")->decoded_content;
    like $page, qr/\Q$school\E/, 'the badge still says whom it was issued to';
    like $page, qr/This is no longer one of your addresses/, '... and that it is given up';
    is $learner->post_form("/backpack/badge/$id/check", {})->code, 303, 'it is checked again';
    like $learner->get("/backpack/badge/$id")->decoded_content, qr/verdict-valid/, '... and valid';
    my $successor = learner($school);
    is addresses_of($successor), $school, 'the next pupil with the address has a backpack of their own';
    unlike $successor->get('/backpack')->decoded_content, qr{/backpack/badge/\d}, '... with nothing in it';
};

subtest 'nobody is left without a way in' => sub {
    my ($first, $second) = (address(), address());
    my $learner = learner($first);
    my $remove = sub { $learner->get('/settings'); return $learner->post_form('/settings/addresses/remove', { email => $_[0], confirmed => 1 })->code };
    is $remove->($first), 409, 'the only address stays';
    add($learner, $second);
    is $remove->(learner() && 'addr-' . $n . '@example.org'), 404, 'another person\'s is not theirs to remove';
    is $remove->($second), 303, 'one of two goes';
    is $remove->($first), 409, 'the last one stays, whatever the tab still shows';
    is $remove->($second), 404, 'one that is gone is gone';
};

subtest 'the primary address is chosen among the proved ones' => sub {
    my ($first, $second) = (address(), address());
    my $learner = learner($first);
    add($learner, $second);
    $learner->get('/settings');
    is $learner->post_form('/settings/addresses/primary', { email => $second })->code, 303, 'the other';
    like $learner->get('/settings')->decoded_content, qr/class="who".*\Q$second\E/s, 'is shown as who they are';
    is $learner->post_form('/settings/addresses/primary', { email => address() })->code, 404, 'not one that is nobody\'s';
};

subtest 'one\'s own address, and too many' => sub {
    my $learner = learner(my $own = address());
    $learner->get('/settings');
    is $learner->post_form('/settings/addresses', { email => uc $own })->code, 409, 'one\'s own is there already';
    is $learner->post_form('/settings/addresses', { email => address() })->code, 200, "mail $_ of ten" for 1 .. 10;
    my $reply = $learner->post_form('/settings/addresses', { email => address() });
    is $reply->code, 429, 'not an eleventh in an hour';
    ok $reply->header('Retry-After'), '... with a time to wait';
    my $victim = address();
    ask(learner(), $victim) for 1 .. 3;
    $stack->browser->sign_in_link($victim) for 1 .. 2;
    my $another = learner();
    $another->get('/settings');
    is $another->post_form('/settings/addresses', { email => $victim })->code, 429,
        'an address gets five mails an hour, whatever they are for';
    $stack->clock(3605);
    is $another->post_form('/settings/addresses', { email => $victim })->code, 200, 'then it goes on';
    $stack->clock(0);
};

subtest 'a link works for fifteen minutes, and until the next' => sub {
    my $learner = learner();
    my $second = address();
    my ($old) = ask($learner, $second);
    my ($link) = ask($learner, $second);
    is $learner->get($old)->code, 404, 'the old one is dead';
    $stack->clock(14 * 60);
    is $learner->get($link)->code, 200, 'after fourteen minutes the new one works';
    $stack->clock(15 * 60 + 5);
    is $learner->post_form($link, { owner => 0 })->code, 404, 'after fifteen it does not';
    $stack->clock(0);
};

subtest 'bad input is refused and changes nothing' => sub {
    my $learner = learner(my $own = address());
    my ($link) = ask($learner, address());
    my @bad = ('', 'x', "a\@example.org\r\nBcc: b\@example.org", "a\@example.org\0", '<b>@example.org', 'x' x 300 . '@example.org');
    for my $path ('/settings/addresses', map({ "/settings/addresses/$_" } qw(code primary remove)), substr $link, length $stack->base) {
        my @forms = ([], (map { [ email => $_, code => '000000', owner => $_ ] } @bad), [ email => $own, email => 'b@example.org', owner => 1, owner => 2 ]);
        for my $form (@forms) {
            $learner->get('/settings');
            my $reply = $learner->post_form($path, [@$form]);
            next if "@$form" =~ /\Q$own\E/ && $reply->code < 400; # the first of two is one's own
            ok $reply->code >= 400 && $reply->code < 500, "$path: " . $reply->code;
            unlike $reply->decoded_content, qr/<b>\@/, '... and what was typed is text';
        }
        is $stack->browser->post($path, [ email => $own ])->code, 401, "$path is not for strangers";
        my $csrf = $learner->csrf;
        is $learner->request(HTTP::Request->new(POST => $path, [ 'Content-Type' => 'application/x-www-form-urlencoded' ],
            "_csrf=$csrf&email=%ff%fe%40example.org&owner=%ff"))->code, 400, '... nor for what is no UTF-8';
    }
    is addresses_of($learner), $own, 'all is as it was';
    is $stack->mail_for('b@example.org', 0.2), undef, 'nobody else got a mail';
};

subtest 'the operator gives an address to somebody whose mailbox is gone' => sub {
    my ($old, $new, $others) = (address(), address(), address());
    my ($learner, $other) = (learner($old), learner($others));
    my $user = user_of($old);
    my ($status, $out) = $stack->obi('user', 'address', uc $old, $new);
    is $status, 0, 'given';
    is $out, "$user\t$new\n", 'to whom and what is said';
    told $old, qr/whoever runs .* has added this address to your backpack there:\s+\Q$new\E.*\/settings/s, 'the old address is told';
    is addresses_of(learner($new)), "$old $new", 'it signs in to the same backpack, which has both';
    is $learner->get('/settings')->code, 200, 'who was signed in still is';
    for ([ $old, $new, qr/is theirs already/ ], [ $new, $others, qr/is another user's/ ], [ $old, 'no address', qr/one whole mail address/ ],
        [ address(), address(), qr/received: addr-/ ]) {
        my ($to, $what, $why) = @$_;
        ($status, $out, my $said) = $stack->obi('user', 'address', $to, $what);
        is $status, 1, "$what is not given to $to";
        like $said, $why, '... and why is said';
    }
    is addresses_of($other), $others, 'nothing has changed hands';
    is addresses_of($learner), "$old $new", '... nor been added';
    is +($stack->obi('user', 'address', $old))[0], 64, 'the new one has to be named';
};

subtest 'no token stands in a log, while all runs and while the pool is down' => sub {
    my $learner = learner();
    my ($link) = ask($learner, address());
    my ($token) = $link =~ m{([\w-]+)$};
    $learner->get("$link?x=1");
    $stack->browser->get("//settings/addresses/$token");
    $learner->post_form($link, { owner => 0 });
    $stack->expect_log('connect\(\) to unix:.*app.sock failed', 'recv\(\) failed');
    $stack->stop('app');
    is $learner->get($link)->code, 502, 'the app pool is down';
    $stack->start('app');
    for my $part (map { s{.*/|\.log$}{}gr } glob $stack->var . '/log/*.log') {
        unlike $stack->log_text($part), qr/\Q$token\E/, $part;
    }
    like $stack->log_text('nginx-access'), qr{"path":"/settings/addresses/-"}, 'the path is logged without it';
    unlike join("\n", map { @$_ } @{ $stack->sql('SELECT HEX(token_hash), email, next FROM obi.signin') }), qr/\Q$token\E/, 'nor in the database';
};

done_testing;
