#!/usr/bin/perl
# Signing in at an OpenID Provider: what is asked of it, what of its answers is believed, whose account it opens.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA qw(sha256);
use File::Temp qw(tempdir);
use JSON::PP;
use MIME::Base64 qw(decode_base64 encode_base64url);
use POSIX ();
use Test::More;
use Time::HiRes ();
use URI;
use OBI::Fixation;
use OBI::OpenID;
use OBI::Test;
use OBI::Test::Issuer;
use POSIX qw(_exit);

my %provider = map { $_ => OBI::OpenID->new } qw(school other);
sub says { my ($name, @what) = @_; return $provider{$name}->says(@what) }
my $dir = tempdir('/tmp/obi-oidc.XXXXXX', CLEANUP => 1);
chmod 0755, $dir;
open my $secret, '>', "$dir/secret" or die $!;
print {$secret} "a secret/with:signs\n";
close $secret;
my $slow = OBI::Test::Issuer->new;
my $stack = OBI::Test->private(conf => <<"END");
fetch.allow_net = 127.0.0.1/32:@{[$slow->port]} public
oidc.provider = school $provider{school}{root} obi secret=$dir/secret mail=school.example title=The school
oidc.provider = other $provider{other}{root} obi title=Other & Co
fetch.allow_net = 127.0.0.1/32:$provider{school}{port}
fetch.allow_net = 127.0.0.1/32:$provider{other}{port}
fetch.timeout = 1000
END
my $n = 0;
sub subject { return 'subject-' . ++$n }
# memcached keeps what providers publish: a test that changes it begins without.
sub forget { $stack->stop('memcached'); $stack->start('memcached'); return }

# Presses the button: the address it leads to, and its query.
sub begin {
    my ($browser, $name, %form) = @_;
    $browser->get($form{from} // '/signin');
    my $reply = $browser->post_form("/signin/oidc/$name", { next => $form{next} // '' });
    is $reply->code, 200, "the button of $name" or diag $reply->decoded_content;
    is $reply->header('Cross-Origin-Opener-Policy'), 'unsafe-none', '... which keeps hold of a page that waits for it';
    my ($url) = ($reply->header('Refresh') // '') =~ /^0; url=(.*)$/;
    return { url => $url, URI->new($url // '')->query_form };
}
# Comes back from the provider, which says who somebody is in the claims given.
sub come_back {
    my ($browser, $name, $begun, %with) = @_;
    my $told = $with{told} // {};
    says($name, %$told, claims => { nonce => $begun->{nonce}, %{ $with{claims} // {} } });
    return callback($browser, $name, code => 'the-code', state => $begun->{state}, %{ $with{query} // {} });
}
sub callback {
    my ($browser, $name, %query) = @_;
    delete @query{ grep { !defined $query{$_} } keys %query };
    my $uri = URI->new("/signin/oidc/$name/callback");
    $uri->query_form(%query);
    return $browser->get("$uri");
}
sub is_in { my ($browser) = @_; return $browser->get('/backpack')->code == 200 }
sub whose { my ($browser) = @_; return $browser->get('/settings')->decoded_content =~ /title="([^"]+)"/ ? $1 : '' }
# A learner who has signed in by the school's account: the browser and the account's name there.
sub learner {
    my ($email, $subject) = @_;
    my $browser = $stack->browser;
    my $reply = come_back($browser, 'school', begin($browser, 'school'),
        claims => { sub => $subject, email => $email, email_verified => JSON::PP::true });
    is $reply->code, 303, "$email is in" or diag $reply->decoded_content;
    $browser->{csrf} = undef;
    return $browser;
}

subtest 'the button leads to the provider with all that protects the way' => sub {
    my $browser = $stack->browser;
    my $page = $browser->get('/signin')->decoded_content;
    like $page, qr/Sign in with The school/, 'its title is on the button';
    like $page, qr/Sign in with Other &amp; Co/, 'escaped';
    like $browser->get('/')->decoded_content, qr{action="/signin/oidc/school"}, 'and on the start page';
    my $begun = begin($browser, 'school');
    like $begun->{url}, qr{^\Q$provider{school}{root}\E/auth\?from=obi&}, 'to the address that it publishes';
    is $begun->{response_type}, 'code', 'code flow';
    is $begun->{client_id}, 'obi', 'client';
    is $begun->{scope}, 'openid email', 'no more than the address is asked for';
    is $begun->{redirect_uri}, $stack->base . '/signin/oidc/school/callback', 'the way back, of this provider alone';
    is $begun->{code_challenge_method}, 'S256', 'PKCE';
    like $begun->{$_}, qr/^[\w-]{43}$/, "$_ has 256 bits" for qw(state nonce code_challenge);
    my $again = begin($browser, 'school');
    isnt $again->{$_}, $begun->{$_}, "$_ is new each time" for qw(state nonce code_challenge);
    is $browser->post('/signin/oidc/school', {})->code, 403, 'another site cannot press it';
    is $browser->post_form('/signin/oidc/none', {})->code, 404, 'there is no other provider';
};

subtest 'an address that the provider vouches for and is trusted with signs in at once' => sub {
    my ($browser, $sub) = ($stack->browser, subject());
    my $begun = begin($browser, 'school', next => '/collections?a=b');
    says('school');
    my $reply = come_back($browser, 'school', $begun,
        claims => { sub => $sub, email => 'ada@school.example', email_verified => JSON::PP::true });
    is $reply->code, 303, 'in';
    is $reply->header('Location'), '/collections?a=b', 'and where one wanted to go';
    my ($token) = grep { $_->{path} eq '/token' } says('school');
    is $token->{method}, 'POST', 'the code was sent';
    is $token->{form}{grant_type}, 'authorization_code', '... for tokens';
    is $token->{form}{code}, 'the-code', '... as it came';
    is $token->{form}{redirect_uri}, $begun->{redirect_uri}, '... with the same way back';
    is encode_base64url(sha256($token->{form}{code_verifier})), $begun->{code_challenge}, '... and the verifier of the challenge';
    is decode_base64($token->{authorization} =~ s/^Basic //r), 'obi:a%20secret/with%3Asigns', '... and the secret in its header';
    ok !exists $token->{form}{client_secret}, '... there alone';
    is whose($browser), 'ada@school.example', 'as who they are';
    my $other = $stack->browser;
    is come_back($other, 'school', begin($other, 'school'), claims => { sub => $sub })->code, 303, 'later the account is enough';
    is whose($other), 'ada@school.example', 'whatever it says of an address';
    unlike join("\n", map { $stack->log_text($_) } qw(nginx-access signin)), qr/the-code|\Q$begun->{state}\E|ada\@/, 'no log has the code, the state or the address';
};

subtest 'the owner of a backpack hears that a provider has opened it' => sub {
    my ($owner, $email) = ($stack->browser, 'was-here@school.example');
    $owner->sign_in($email);
    my $browser = learner($email, subject());
    is whose($browser), $email, 'whom the provider vouches for is in';
    like $stack->mail_for($email), qr/new way to sign in/, 'and a mail says so';
    learner('is-new@school.example', subject());
    is $stack->mail_for('is-new@school.example', 1), undef, 'who has had no backpack gets none';
};

subtest 'an account that another window has just made known signs in its owner' => sub {
    learner('twice@school.example', subject());
    my ($browser, $sub) = ($stack->browser, subject());
    my $user = $stack->sql("SELECT user_id FROM obi.user_email WHERE email = 'twice\@school.example'")->[0][0];
    my $begun = begin($browser, 'school');
    # The other window's transaction, which has not ended yet.
    open my $other, '|-', "$OBI::Test::TOP/deploy/part", 'sql', '--var', $stack->var, 'primary' or die $!;
    $other->autoflush(1);
    print {$other} "START TRANSACTION; INSERT INTO obi.oidc_identity (issuer, subject, user_id, id, email, created_at_s)"
        . " VALUES ('$provider{school}{root}', '$sub', $user, 4711, '', 0);\n";
    # InnoDB keeps what it says of transactions for as long as it is asked again within 0.1 s.
    my $waiting = sub { Time::HiRes::sleep(0.3); $stack->sql("SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = '$_[0]' AND trx_rows_modified >= $_[1]")->[0][0] };
    ok $stack->wait_until(30, sub { $waiting->('RUNNING', 1) }), 'it has begun';
    my $pid = fork // die $!;
    if ($pid == 0) {
        $stack->wait_until(30, sub { $waiting->('LOCK WAIT', 0) });
        print {$other} "COMMIT;\n";
        POSIX::_exit(0);
    }
    my $reply = come_back($browser, 'school', $begun, claims => { sub => $sub, email => 'twice-new@school.example', email_verified => JSON::PP::true });
    waitpid $pid, 0;
    close $other;
    is $reply->code, 303, 'in';
    is whose($browser), 'twice@school.example', 'as whose it is';
    is $stack->sql("SELECT COUNT(*) FROM obi.user_email WHERE email = 'twice-new\@school.example'")->[0][0], 0, 'and nobody else was made';
};

subtest 'a backpack has a limit of accounts that sign in to it' => sub {
    my $browser = learner('many@school.example', subject());
    my ($user) = map { $_->[0] } @{ $stack->sql("SELECT user_id FROM obi.user_email WHERE email = 'many\@school.example'") };
    $stack->sql("INSERT INTO obi.oidc_identity (issuer, subject, user_id, id, email, created_at_s) VALUES ('https://more.example', '$_', $user, 5000 + $_, '', 0)") for 2 .. 19;
    my $add = sub { return come_back($browser, 'other', begin($browser, 'other', from => '/settings'), claims => { sub => $_[0], email => 'elsewhere@school.example' }) };
    is $add->(subject())->header('Location'), '/settings', 'the twentieth is added';
    my $reply = $add->(subject());
    is $reply->code, 409, 'one more is not';
    like $reply->decoded_content, qr/Remove one of them/, '... and the page says what to do';
    my $new = $stack->browser;
    is come_back($new, 'school', begin($new, 'school'), claims => { sub => subject(), email => 'many@school.example', email_verified => JSON::PP::true })->code, 409, 'nor by signing in';
    ok !is_in($new), '... where nobody is in';
    is $stack->sql("SELECT COUNT(*) FROM obi.oidc_identity WHERE user_id = $user")->[0][0], 20, 'twenty';
};

subtest 'session fixation and login CSRF: what somebody else planted or began signs nobody in' => sub {
    my %claims = (claims => { sub => subject(), email => 'fix@school.example', email_verified => JSON::PP::true });
    fixation_fails($stack, 'by a provider', sub { my ($browser) = @_; return come_back($browser, 'school', begin($browser, 'school'), %claims) }, 'x' x 43);
    my $attacker = $stack->browser->sign_in('plants@school.example');
    my ($cookie, $known) = token_of($attacker);
    my $victim = $stack->browser;
    my $begun = begin($victim, 'school');
    plant($victim, $cookie, $known);
    is come_back($victim, 'school', $begun, %claims)->code, 400, 'a session that is planted on the way ends it';
    is whose($attacker), 'plants@school.example', 'that one is of whom it was';
    is $stack->sql("SELECT COUNT(*) FROM obi.oidc_identity i JOIN obi.user_email e USING (user_id) WHERE e.email = 'plants\@school.example'")->[0][0], 0, '... and got no account';
    # The answer to what the attacker began, opened by the victim.
    my $eve = $stack->browser;
    for my $visitor ($stack->browser, do { my $one = $stack->browser; $one->get('/signin'); $one }) {
        is come_back($visitor, 'school', begin($eve, 'school'), %claims)->code, 400, "another's answer is none here";
        ok !is_in($visitor), '... nobody is in';
    }
};

# What must not sign anybody in.
my @bad = (
    ['another issuer', claims => { iss => 'https://evil.example' }],
    ['the issuer with a slash', claims => { iss => "$provider{school}{root}/" }],
    ['another audience', claims => { aud => 'somebody-else' }],
    ['another authorized party', claims => { aud => [ 'obi', 'x' ], azp => 'x' }],
    ['another nonce', claims => { nonce => 'x' x 43 }],
    ['no nonce', claims => { nonce => undef }],
    ['an end that is over', claims => { exp => time - 120 }],
    ['no end', claims => { exp => undef }],
    ['a birth to come', claims => { iat => time + 600 }],
    ['an old age', claims => { iat => time - 3600 }],
    ['no subject', claims => { sub => undef }],
    ['a subject that is too long', claims => { sub => 'x' x 256 }],
    ['no signature', told => { sign => 'none' }],
    ['a signature by the public key as a secret', told => { sign => 'hmac' }],
    ['another key under a known name', told => { sign => 'new', header => { kid => 'rsa' } }],
    ['a key that is nowhere', told => { sign => 'new' }],
    ['a key of 1024 bits', told => { sign => 'weak', keys => [ 'rsa', 'weak' ] }],
    ['another algorithm than it says', told => { sign => 'ec', header => { alg => 'RS256' } }],
    ['a critical extension', told => { header => { crit => ['x'] } }],
    ['no token', told => { token => { id_token => undef } }],
    ['a token that is none', told => { token => { id_token => 'a.b.c' } }],
    ['an answer that is no JSON', told => { raw => { '/token' => '<html>' } }],
    ['an answer that has no end', told => { raw => { '/token' => 'x' x 100_000 } }],
    ['a refusal of the code', told => { status => { '/token' => 400 } }],
    ['a redirect of the code', told => { status => { '/token' => 302 } }],
    ['an error of its own', told => { status => { '/token' => 503 } }],
    ['keys that are none', told => { raw => { '/jwks' => '[]' } }],
    ['facts about somebody else', claims => { sub => 'new-here' }, told => { userinfo => { sub => 'another', email => 'eve@school.example' } }],
);
subtest 'an answer that is not right signs nobody in' => sub {
    for my $case (@bad) {
        my ($what, %with) = @$case;
        forget() if $with{told}{keys} || $with{told}{raw}{'/jwks'} || $what =~ /nowhere/;
        my $browser = $stack->browser;
        my $reply = come_back($browser, 'school', begin($browser, 'school'), %with);
        is $reply->code, 502, $what;
        ok !grep({ /_session=[\w-]/ } $reply->header('Set-Cookie')), '... no session';
    }
    unlike $stack->log_text('signin'), qr/a secret|the-access-token|eyJ/, 'no log has a secret or a token';
    like $stack->log_text('signin'), qr/invalid_grant/, 'the operator reads why a code was refused';
    forget();
};

subtest 'ES256 and EdDSA are taken; new keys are found' => sub {
    for my $sign (qw(ec ed)) {
        my $browser = $stack->browser;
        my $reply = come_back($browser, 'school', begin($browser, 'school'), told => { sign => $sign },
            claims => { sub => subject(), email => "$sign\@school.example", email_verified => JSON::PP::true });
        is $reply->code, 303, $sign;
    }
    my $browser = $stack->browser;
    my $begun = begin($browser, 'school');
    says('school');
    my $reply = come_back($browser, 'school', $begun, told => { sign => 'new', keys => [ 'rsa', 'new' ] },
        claims => { sub => subject(), email => 'rotated@school.example', email_verified => JSON::PP::true });
    is $reply->code, 303, 'a key that has come since';
    is scalar(grep { $_->{path} eq '/jwks' } says('school')), 1, 'the set was asked for once again';
    for (1 .. 3) {
        $browser = $stack->browser;
        come_back($browser, 'school', begin($browser, 'school'), told => { header => { kid => "made-up-$_" } });
        is scalar(grep { $_->{path} eq '/jwks' } says('school')), 0, 'and no more than once a minute, whatever a token names';
    }
    forget();
};

subtest 'what a provider publishes is kept for a while' => sub {
    forget();
    says('school');
    learner("kept-$_\@school.example", subject()) for 1 .. 2;
    my %asked;
    $asked{ $_->{path} }++ for says('school');
    # says() itself forgets what was asked before, so only the second's stand here.
    is $asked{'/.well-known/openid-configuration'} // 0, 0, 'its metadata';
    is $asked{'/jwks'} // 0, 0, 'its keys';
    is $asked{'/token'}, 1, 'a code is asked about each time';
};

subtest 'metadata that lead astray lead nowhere' => sub {
    for my $case ([ 'another issuer', { issuer => 'https://evil.example' } ], [ 'no token endpoint', { token_endpoint => undef } ],
        [ 'a script', { authorization_endpoint => 'javascript:alert(1)' } ]) {
        forget();
        says('school', metadata => $case->[1]);
        my $browser = $stack->browser;
        $browser->get('/signin');
        my $reply = $browser->post_form('/signin/oidc/school', {});
        is $reply->code, 502, $case->[0];
        is $reply->header('Refresh'), undef, '... goes nowhere';
    }
    forget();
    says('school');
};

subtest 'a state is of one browser, one provider, one use and ten minutes' => sub {
    my ($browser, $thief) = ($stack->browser, $stack->browser);
    my $begun = begin($browser, 'school');
    begin($thief, 'school');
    my %claims = (claims => { sub => subject(), email => 'state@school.example', email_verified => JSON::PP::true });
    is come_back($thief, 'school', $begun, %claims)->code, 400, 'not of another browser';
    is come_back($stack->browser, 'school', $begun, %claims)->code, 400, 'not of one without a cookie';
    is come_back($browser, 'other', $begun, %claims)->code, 400, 'not for another provider';
    is callback($browser, 'school', code => 'x', state => $_)->code, 400, 'none that was never made'
        for (undef, '', 'x', 'x' x 43, "'" x 43);
    says('school');
    is come_back($browser, 'school', $begun, %claims)->code, 303, 'here it is good';
    is come_back($browser, 'school', $begun, %claims)->code, 400, '... once';
    $browser = $stack->browser;
    $begun = begin($browser, 'school');
    $stack->clock(601);
    is come_back($browser, 'school', $begun, %claims)->code, 400, 'after ten minutes it is over';
    $stack->clock(0);
    is scalar(grep { $_->{path} eq '/token' } says('school')), 0, 'and no code of those went anywhere';
};

subtest 'a code of another sign-in is of no use: verifier and nonce are this one\'s' => sub {
    my ($victim, $attacker) = ($stack->browser, $stack->browser);
    my ($theirs, $own) = (begin($victim, 'school'), begin($attacker, 'school'));
    # The provider would answer the victim's code with the victim's nonce.
    says('school', claims => { nonce => $theirs->{nonce}, sub => subject(), email => 'victim@school.example', email_verified => JSON::PP::true });
    is callback($attacker, 'school', code => 'the-code', state => $own->{state})->code, 502, 'it signs the attacker in as nobody';
    my ($token) = grep { $_->{path} eq '/token' } says('school');
    isnt encode_base64url(sha256($token->{form}{code_verifier})), $theirs->{code_challenge}, 'the verifier would have told the provider';
};

subtest 'an answer that names its issuer must name the right one (RFC 9207)' => sub {
    my %claims = (claims => { sub => subject(), email => 'iss@school.example', email_verified => JSON::PP::true });
    my $browser = $stack->browser;
    is come_back($browser, 'school', begin($browser, 'school'), %claims, query => { iss => $provider{other}{root} })->code, 502, 'not another';
    is come_back($browser, 'school', begin($browser, 'school'), %claims, query => { iss => $provider{school}{root} })->code, 303, 'its own';
    forget();
    says('school', metadata => { authorization_response_iss_parameter_supported => JSON::PP::true });
    $browser = $stack->browser;
    is come_back($browser, 'school', begin($browser, 'school'), %claims)->code, 502, 'and one that always says so must say so';
    forget();
    says('school');
};

subtest 'who turns back comes back; who is refused is told' => sub {
    my $browser = $stack->browser;
    my $begun = begin($browser, 'school', next => '/collections');
    my $reply = callback($browser, 'school', error => 'access_denied', state => $begun->{state});
    is $reply->code, 303, 'turned back';
    is $reply->header('Location'), '/signin?next=/collections', 'to the other ways, and later to where one wanted to go';
    $begun = begin($browser, 'school');
    $reply = callback($browser, 'school', error => 'server_error', error_description => '<b>call 0900</b>', state => $begun->{state});
    is $reply->code, 403, 'refused';
    unlike $reply->decoded_content, qr/0900/, 'in our words';
    is callback($browser, 'school', error => 'access_denied', state => 'x' x 43)->code, 400, 'a refusal that was not asked for is none';
    $begun = begin($browser, 'school');
    is callback($browser, 'school', state => $begun->{state})->code, 502, 'neither code nor error';
};

subtest 'next leads to no other site' => sub {
    for my $next ('//evil.example', 'https://evil.example', '/\\evil.example', "/a\r\nLocation: x", 'x', '/' . 'x' x 1024) {
        my ($browser, $sub) = ($stack->browser, subject());
        my $reply = come_back($browser, 'school', begin($browser, 'school', next => $next),
            claims => { sub => $sub, email => "$sub\@school.example", email_verified => JSON::PP::true });
        is $reply->header('Location'), '/backpack', 'but to the backpack';
    }
};

# Reads the page and the mail of an address that is confirmed first.
sub must_confirm {
    my ($browser, $name, $email, %claims) = @_;
    my $reply = come_back($browser, $name, begin($browser, $name, next => '/collections'), claims => { email => $email, %claims });
    is $reply->code, 200, 'nobody is in yet' or return;
    ok !is_in($browser), '... really';
    is $reply->header('Cross-Origin-Opener-Policy'), 'unsafe-none', '... and a page that waits goes on waiting';
    like $reply->decoded_content, qr/\Q$email\E/, 'the page names the address';
    like $reply->decoded_content, qr/says that this is your address/, '... and says why';
    my $mail = $stack->mail_for($email) // return;
    my ($link) = $mail =~ m{(https?://\S+/signin/\S+)};
    my ($code) = $mail =~ /^(\d{3} \d{3})$/m;
    return ($link, $code);
}

subtest 'an address that nobody vouches for is confirmed by our mail, once' => sub {
    my @cases = ([ 'school', 'verified-elsewhere@evil.example', email_verified => JSON::PP::true ],
        [ 'school', 'unverified@school.example', email_verified => JSON::PP::false ], [ 'school', 'unsaid@school.example' ],
        [ 'school', 'number@school.example', email_verified => 1 ],
        [ 'other', 'untrusted@school.example', email_verified => JSON::PP::true ]);
    for my $case (@cases) {
        my ($name, $email, %claims) = @$case;
        my ($browser, $sub) = ($stack->browser, subject());
        my ($link, $code) = must_confirm($browser, $name, $email, sub => $sub, %claims);
        my $reply = $browser->post_form('/signin/code', { email => $email, code => $code });
        is $reply->code, 303, 'the code confirms';
        is $reply->header('Location'), '/collections', '... and leads to where one wanted to go';
        like $stack->mail_for($email), qr/new way to sign in/, 'a mail says that there is a new way';
        my $later = $stack->browser;
        is come_back($later, $name, begin($later, $name), claims => { sub => $sub })->code, 303, 'later the account is enough';
        is whose($later), $email, 'for the same person';
    }
};

subtest 'an account is not taken over by an address that is not yours' => sub {
    my $email = 'victim-of-mail@school.example';
    my $victim = $stack->browser;
    $victim->sign_in($email);
    my ($attacker, $sub) = ($stack->browser, subject());
    my ($link) = must_confirm($attacker, 'other', $email, sub => $sub, email_verified => JSON::PP::true);
    # The victim takes the mail for one of theirs.
    my $opening = $stack->browser;
    $opening->get($link);
    is $opening->post_form($link, {})->code, 303, 'the victim opens the link elsewhere';
    is whose($opening), $email, '... and is in';
    ok !is_in($attacker), 'the attacker is not';
    my $later = $stack->browser;
    is come_back($later, 'other', begin($later, 'other'), claims => { sub => $sub, email => $email })->code, 200,
        'and the account at the provider is nobody\'s';
    is_deeply $stack->sql("SELECT COUNT(*) FROM obi.oidc_identity WHERE subject = '$sub'"), [ ['0'] ], '... in no row';
};

subtest 'what waits in a browser is for that mail alone' => sub {
    my ($browser, $sub, $email) = ($stack->browser, subject(), 'shared@school.example');
    must_confirm($browser, 'other', $email, sub => $sub);
    # Whoever sits down there next asks for a mail of their own.
    my $link = $browser->sign_in_link($email);
    $browser->get($link);
    is $browser->post_form($link, {})->code, 303, 'they are in';
    is_deeply $stack->sql("SELECT COUNT(*) FROM obi.oidc_identity WHERE subject = '$sub'"), [ ['0'] ], 'and what was left there is not theirs';
    ($browser, $sub) = ($stack->browser, subject());
    must_confirm($browser, 'other', $email, sub => $sub);
    $browser->{csrf} = undef;
    $browser->get('/signin');
    $browser->post_form('/signin', { email => 'shared-2@school.example' });
    my ($code) = $stack->mail_for('shared-2@school.example') =~ /^(\d{3} \d{3})$/m;
    is $browser->post_form('/signin/code', { email => 'shared-2@school.example', code => $code })->code, 303, 'nor is it of another address';
    is_deeply $stack->sql("SELECT COUNT(*) FROM obi.oidc_identity WHERE subject = '$sub'"), [ ['0'] ], '... in no row';
};

subtest 'an address comes from the UserInfo endpoint where the token has none' => sub {
    my ($browser, $sub) = ($stack->browser, subject());
    my $begun = begin($browser, 'school');
    says('school');
    my $reply = come_back($browser, 'school', $begun, claims => { sub => $sub },
        told => { userinfo => { sub => $sub, email => 'info@school.example', email_verified => JSON::PP::true } });
    is $reply->code, 303, 'in';
    my ($asked) = grep { $_->{path} eq '/me' } says('school');
    is $asked->{authorization}, 'Bearer the-access-token', 'asked with the token';
    for my $email (undef, '', 'no address', 'a@b@school.example', "x\r\nBcc: y\@school.example") {
        $browser = $stack->browser;
        $reply = come_back($browser, 'school', begin($browser, 'school'), claims => { sub => $sub = subject() },
            told => { userinfo => { sub => $sub, email => $email, email_verified => JSON::PP::true } });
        is $reply->code, 403, 'without one nobody is in';
        like $reply->decoded_content, qr/Please sign in by e-mail/, '... and it says what to do';
    }
};

subtest 'a secret goes where the provider takes it' => sub {
    forget();
    my $browser = $stack->browser;
    my %metadata = (told => { metadata => { token_endpoint_auth_methods_supported => ['client_secret_post'] } });
    says('school', %{ $metadata{told} });
    my $begun = begin($browser, 'school');
    come_back($browser, 'school', $begun, %metadata, claims => { sub => subject() });
    my ($token) = grep { $_->{path} eq '/token' } says('school');
    is $token->{authorization}, '', 'not in the header';
    is $token->{form}{client_secret}, 'a secret/with:signs', 'in the form';
    is $token->{form}{client_id}, 'obi', 'with the client';
    $browser = $stack->browser;
    come_back($browser, 'other', begin($browser, 'other'), claims => { sub => subject(), email => 'public@school.example' });
    ($token) = grep { $_->{path} eq '/token' } says('other');
    is $token->{authorization} . ($token->{form}{client_secret} // ''), '', 'a public client has none';
    is $token->{form}{client_id}, 'obi', 'and says who it is';
    forget();
};

subtest 'who is signed in adds a way and removes it' => sub {
    my ($browser, $sub) = ($stack->browser, subject());
    $browser->sign_in(my $email = 'adds@elsewhere.example');
    like $browser->get('/settings')->decoded_content, qr/Add The school/, 'the settings offer it';
    my $begun = begin($browser, 'school', from => '/settings');
    my $reply = come_back($browser, 'school', $begun, claims => { sub => $sub, email => 'other-name@school.example', email_verified => JSON::PP::true });
    is $reply->code, 303, 'added';
    is $reply->header('Location'), '/settings', 'from there, to there';
    ok !grep({ /_session=/ } $reply->header('Set-Cookie')), 'the session is the same';
    like $stack->mail_for($email), qr/new way to sign in/, 'a mail says so';
    my $page = $browser->get('/settings')->decoded_content;
    like $page, qr/Added\./, 'the page says so';
    like $page, qr/other-name\@school\.example/, 'and whose account it is';
    unlike $page, qr/Add The school/, 'it is offered no more';
    my $elsewhere = $stack->browser;
    is come_back($elsewhere, 'school', begin($elsewhere, 'school'), claims => { sub => $sub })->code, 303, 'it signs in';
    is whose($elsewhere), $email, 'to this account';
    is_deeply $stack->sql("SELECT COUNT(*) FROM obi.user_email WHERE email = 'other-name\@school.example'"), [ ['0'] ],
        'the address there is none of theirs by that';

    my ($id) = $page =~ m{/settings/identity/(\d+)/remove};
    my $stranger = $stack->browser;
    $stranger->sign_in('stranger@elsewhere.example');
    is $stranger->post_form("/settings/identity/$id/remove", {})->code, 303, 'somebody else removes';
    like $browser->get('/settings')->decoded_content, qr/other-name/, '... nothing of theirs';
    is $browser->post("/settings/identity/$id/remove", {})->code, 403, 'another site removes nothing';
    is $browser->post_form("/settings/identity/$id/remove", {})->code, 303, 'its owner does';
    unlike $browser->get('/settings')->decoded_content, qr/other-name/, '... it is gone';
    my $after = $stack->browser;
    come_back($after, 'school', begin($after, 'school'), claims => { sub => $sub });
    ok !is_in($after), 'and signs in no more';
    ok is_in($stack->browser->sign_in($email)), 'the mail always works';
};

subtest 'who gives an address up reads that accounts and passkeys go on' => sub {
    my ($school, $home) = ('gives-up@school.example', 'gives-up@home.example');
    my $browser = $stack->browser;
    $browser->sign_in($home);
    $browser->get('/settings');
    $browser->post_form('/settings/addresses', { email => $school });
    my ($link) = $stack->mail_for($school) =~ m{(https?://\S+/settings/addresses/\S+)};
    $browser->get($link);
    is $browser->post_form($link, { owner => 0 })->code, 303, 'two addresses';
    my $ask = sub { return $browser->post_form('/settings/addresses/remove', { email => $school })->decoded_content };
    unlike $ask->(), qr/go on signing in/, 'who has no other way reads of none';
    my $reply = come_back($browser, 'school', begin($browser, 'school', from => '/settings'), claims => { sub => subject(), email => $school });
    is $reply->code, 303, 'an account is added';
    like $ask->(), qr/accounts that sign you in go on signing in/, 'who has one does';
};

subtest 'an account at a provider that is no longer named can be removed' => sub {
    my $browser = learner('former@school.example', my $sub = subject());
    $stack->sql("UPDATE obi.oidc_identity SET issuer = 'https://former.example' WHERE subject = '$sub'");
    my $page = $browser->get('/settings')->decoded_content;
    like $page, qr{https://former\.example}, 'it is there by its address';
    my ($id) = $page =~ m{/settings/identity/(\d+)/remove};
    is $browser->post_form("/settings/identity/$id/remove", {})->code, 303, 'and goes';
    is_deeply $stack->sql("SELECT COUNT(*) FROM obi.oidc_identity WHERE subject = '$sub'"), [ ['0'] ], '... from its row';
};

subtest 'an account at a provider opens one backpack' => sub {
    my $sub = subject();
    learner('first@school.example', $sub);
    my $second = $stack->browser;
    $second->sign_in('second@school.example');
    my $reply = come_back($second, 'school', begin($second, 'school', from => '/settings'), claims => { sub => $sub });
    is $reply->code, 409, 'not a second one';
    is whose($second), 'second@school.example', 'whose owner stays who they are';
    my $first = $stack->browser;
    come_back($first, 'school', begin($first, 'school'), claims => { sub => $sub });
    is whose($first), 'first@school.example', 'the first has it';
    $first->{csrf} = undef;
    is come_back($first, 'school', begin($first, 'school', from => '/settings'), claims => { sub => $sub })->code, 303, 'and may add it again';
    is_deeply $stack->sql("SELECT COUNT(*) FROM obi.oidc_identity WHERE subject = '$sub'"), [ ['1'] ], '... it is there once';
};

subtest 'nobody\'s account is added to somebody else\'s: the way was begun in this session' => sub {
    my ($victim, $attacker) = ($stack->browser, $stack->browser);
    $victim->sign_in('csrf-victim@school.example');
    my $begun = begin($attacker, 'school');
    says('school', claims => { nonce => $begun->{nonce}, sub => subject() });
    is callback($victim, 'school', code => 'the-code', state => $begun->{state})->code, 400, 'an attacker\'s answer does nothing in the victim\'s browser';
    is whose($victim), 'csrf-victim@school.example', 'who stays who they are';
    is $victim->post('/signin/oidc/school', {})->code, 403, 'another site cannot begin it there';
    $begun = begin($victim, 'school', from => '/settings');
    $victim->post_form('/signout', {});
    $victim->{csrf} = undef;
    $victim->sign_in('csrf-other@school.example');
    is come_back($victim, 'school', $begun, claims => { sub => subject() })->code, 400, 'nor does one that was begun in an earlier session';
};

subtest 'what is a person\'s goes with them' => sub {
    my $browser = learner('leaves@school.example', my $sub = subject());
    my ($status) = $stack->obi('user', 'remove', 'leaves@school.example');
    is $status, 0, 'removed';
    is_deeply $stack->sql("SELECT COUNT(*) FROM obi.oidc_identity WHERE subject = '$sub'"), [ ['0'] ], 'the identity too';
};

subtest 'hostile parameters are refused' => sub {
    my $browser = $stack->browser;
    for my $path ('/signin/oidc/school/callback', '/signin/oidc/school/callback?state=a&state=b', '/signin/oidc/school/callback?state=%00&code=%FF',
        '/signin/oidc/school/callback?code=' . 'x' x 5000 . '&state=' . 'y' x 43) {
        is $browser->get($path)->code, 400, substr $path, 20, 40;
    }
    is $browser->get("/signin/oidc/$_/callback?state=" . 'x' x 43)->code, 404, "no provider $_" for 'none', 'School', 'x' x 100;
    my $begun = begin($browser, 'school');
    is callback($browser, 'school', state => $begun->{state}, code => 'x' x 4097)->code, 502, 'a code that is too long';
    is $browser->get('/signin/oidc/school')->code, 405, 'the button is no link';
};

subtest 'a provider that is away is said to be; one that hangs is left alone for a while' => sub {
    forget();
    $stack->sql('SELECT 1');
    says('school', status => { '/.well-known/openid-configuration' => 503 });
    my $browser = $stack->browser;
    $browser->get('/signin');
    my $reply = $browser->post_form('/signin/oidc/school', {});
    is $reply->code, 502, 'away';
    like $reply->decoded_content, qr/does not answer at the moment/, 'and says so';
    says('school', hang => ['/.well-known/openid-configuration']);
    my $begun = time;
    is $browser->post_form('/signin/oidc/school', {})->code, 502, 'it hangs';
    $begun = Time::HiRes::time();
    is $browser->post_form('/signin/oidc/school', {})->code, 502, 'once more';
    cmp_ok Time::HiRes::time() - $begun, '<', 0.7, '... is answered at once';
    is scalar(grep { /config/ } map { $_->{path} } says('school')), 1, '... without asking it';
    is $browser->get('/verify')->code, 200, 'the rest of the pool goes on';
    says('other');
    ok begin($browser, 'other')->{state}, 'and so does the other provider';
    forget();
    ok begin($browser, 'school')->{state}, 'later it is asked again';
};

subtest 'without memcached it works' => sub {
    $stack->stop('memcached');
    learner('no-cache@school.example', subject());
    $stack->start('memcached');
};

subtest 'strangers who have slow issuers verified keep nobody from signing in' => sub {
    my @workers = $stack->workers('fetch-anon');
    my ($browser, @asking) = $stack->browser;
    for my $n (1 .. 4 * @workers) {
        my $stranger = $stack->browser;
        my $pid = fork // die "fork: $!";
        if ($pid == 0) {
            $stranger->get('/verify?url=' . $slow->url("/silent/$n"));
            _exit(0);
        }
        push @asking, $pid;
    }
    ok $stack->wait_until(5, sub { $slow->seen >= @workers }), 'all workers of the anonymous fetch pool are held';
    my $begun = Time::HiRes::time();
    is come_back($browser, 'school', begin($browser, 'school'), claims => { sub => subject(), email => 'meanwhile@school.example',
        email_verified => JSON::PP::true })->code, 303, 'somebody is in by a provider';
    is $browser->post('/backpack/authenticate', { assertion => 'x' })->code, 404, 'BrowserID, if it were on, would answer';
    cmp_ok Time::HiRes::time() - $begun, '<', 1, 'meanwhile';
    cmp_ok $slow->seen, '<', @asking, '... while strangers are in line';
    kill 'KILL', @asking;
    waitpid $_, 0 for @asking;
};

subtest 'a class behind one address gets in' => sub {
    my $browser = $stack->browser;
    $browser->get('/signin');
    my @replies = $browser->post_at_once('/signin/oidc/school', [ _csrf => $browser->csrf ], 30);
    # They come without a cookie, so our own refusal says that they were let through.
    is scalar(grep { $_->code != 403 } @replies), 0, 'thirty at once are let through';
    @replies = $browser->post_at_once('/signin/oidc/school', [ _csrf => $browser->csrf ], 100);
    cmp_ok scalar(grep { $_->code == 429 } @replies), '>', 10, 'a hundred are not';
};

subtest 'a wrong line stops the pools that sign people in, and no other' => sub {
    my $conf = "$dir/wrong.conf";
    open my $out, '>', $conf or die "$conf: $!";
    print {$out} "oidc.provider = school nowhere obi\n";
    close $out;
    for my $pool (qw(read app fetch fetch-anon signin)) {
        my $said = `"$OBI::Test::TOP/build/dev/obi-fcgi" --conf "@{[$stack->var]}/obi.conf" --conf "$conf" --pool $pool </dev/null 2>&1`;
        my $stops = $pool eq 'app' || $pool eq 'signin';
        is $said =~ /oidc\.provider/ ? 1 : 0, $stops ? 1 : 0, $stops ? "$pool says what is wrong" : "$pool goes on" or diag $said;
    }
};

done_testing;
