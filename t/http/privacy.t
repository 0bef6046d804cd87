#!/usr/bin/perl
# Nobody's e-mail address is on any public page or in any public JSON, however the issuer wrote it down.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA qw(sha256_hex);
use JSON::PP;
use Test::More;
use OBI::Story;
use OBI::Test;

my $stack = OBI::Test->stack;
my $story = OBI::Story->new($stack, 'privacy');
my $issuer = $story->issuer;
my $email = $story->address('Ada.Lovelace');
my $browser = $story->browser($email);
my %kinds = (
    'hashed 2.0' => $issuer->badge('h20', to => $email),
    'plain 2.0' => $issuer->badge('p20', to => $email, plain => 1),
    'hashed 1.0' => $issuer->badge_10('h10', to => $email),
    'plain 1.0' => $issuer->badge_10('p10', to => $email, plain => 1),
    'hashed 0.5' => $issuer->badge_05('h05', to => $email),
    'plain 0.5' => $issuer->badge_05('p05', to => $email, plain => 1),
    'plain in capitals' => $issuer->badge('caps', to => uc $email, plain => 1),
    'plain, and again in texts' => $issuer->badge('texts', to => $email, plain => 1, name => "Badge of $email",
        description => "Given to \U$email\E, who wrote from <$email>.",
        assertion => { evidence => { narrative => "See mailto:$email" }, narrative => "For $email.",
            'extra:field' => { deep => ["$email"] } }),
    'plain, in SVG' => $issuer->badge('svg', to => $email, plain => 1, svg => 1),
);
my @kinds = sort keys %kinds;
my @badges = $story->import_all($email, @kinds{@kinds});
is($badges[$_]{outcome}, 'added', "$kinds[$_] is in the backpack") or diag explain $badges[$_] for 0 .. $#kinds;
my $group = $story->collection($email, 'Shown', 1, map { $_->{id} } @badges);
my $user = $story->user_id($email);

# Any address at all, the learner's or an issuer's; and the learner's name as addresses have it.
sub shows_none {
    my ($answer, $what) = @_;
    is($answer->{status}, 200, "$what is there") or return diag substr $answer->{content}, 0, 300;
    my $text = $answer->{content};
    $text =~ s/%40|&#64;|&#x40;|\\u0040|&commat;/@/gi;
    my @found = $text =~ /([\w.+%-]+\@[\w-]+(?:\.[\w-]+)+)/g;
    is_deeply(\@found, [], "$what shows no address");
    unlike($text, qr/ada\.lovelace/i, "$what does not show whose address it is");
    my ($plain) = $email =~ /^([^@]+)/;
    unlike($text, qr/\Q$plain\E/i, "$what has no part of it");
    ok(!exists $answer->{headers}{'set-cookie'}, "$what sets no cookie");
}

my $doc;
subtest 'the display API' => sub {
    shows_none($story->get("/displayer/$user/groups.json"), 'groups');
    my $answer = $story->get("/displayer/$user/group/$group.json");
    shows_none($answer, 'group');
    shows_none($story->get("/displayer/$user/group/$group.json?callback=f"), 'group as JSONP');
    $doc = $story->decode($answer);
    is(scalar @{ $doc->{badges} }, scalar @kinds, 'all badges are shown');
};

subtest 'a plain identity becomes a salted hash that still proves whose badge it is' => sub {
    for my $i (0 .. $#kinds) {
        my $assertion = $doc->{badges}[$i]{assertion};
        like($assertion->{recipient}, qr/^sha256\$[0-9a-f]{64}$/, "$kinds[$i]: hashed");
        my $salt = $assertion->{salt} // '';
        isnt($salt, '', 'with a salt');
        ok((grep { $assertion->{recipient} eq 'sha256$' . sha256_hex($_ . $salt) } $email, lc $email, uc $email), 'of the learner\'s address');
        next unless ref $assertion->{_originalRecipient};
        ok($assertion->{_originalRecipient}{hashed}, 'and says it is one');
        is($assertion->{_originalRecipient}{identity}, $assertion->{recipient}, 'in both places');
    }
    my %salts = map { $doc->{badges}[$_]{assertion}{salt} => 1 } grep { $kinds[$_] =~ /plain/ } 0 .. $#kinds;
    is(scalar keys %salts, scalar(grep { /plain/ } @kinds), 'salts differ from badge to badge');
    is_deeply($story->json("/displayer/$user/group/$group.json"), $doc, 'and are the same each time');
};

subtest 'the collection\'s page' => sub {
    my $path = $stack->sql("SELECT path FROM obi.collection WHERE id = $group")->[0][0];
    shows_none($story->get("/share/collection/$path"), 'the page');
    shows_none($story->get("/share/collection/$path.json"), 'its JSON');
};

subtest 'each badge\'s own page' => sub {
    for my $i (0 .. $#kinds) {
        my $page = "/backpack/badge/$badges[$i]{id}";
        $browser->get($page);
        $browser->post_form("$page/visibility", { visibility => 'public', confirmed => 1 });
        my $path = $stack->sql("SELECT path FROM obi.badge_path WHERE badge_id = $badges[$i]{id}")->[0][0];
        ok($path, "$kinds[$i] is published") or next;
        shows_none($story->get("/share/badge/$path"), "the page ($kinds[$i])");
        shows_none($story->get("/share/badge/$path.json"), "its JSON ($kinds[$i])");
    }
};

subtest 'who publishes a picture with the address in it is told so first' => sub {
    my %told = (p20 => 1, h20 => 0);
    my $at = 0;
    my %by = map { $_ => $badges[$at++] } @kinds;
    for my $kind ('plain 2.0', 'hashed 2.0') {
        my $page = "/backpack/badge/$by{$kind}{id}";
        $browser->get($page);
        $browser->post_form("$page/visibility", { visibility => 'private', confirmed => 1 });
        $browser->get($page);
        my $reply = $browser->post_form("$page/visibility", { visibility => 'public' });
        my $visibility = $stack->sql("SELECT visibility FROM obi.badge WHERE id = $by{$kind}{id}")->[0][0];
        if ($kind =~ /plain/) {
            is($visibility, 0, "$kind: not before it is confirmed");
            like($reply->decoded_content, qr/address/i, 'and why');
        } else {
            is($visibility, 2, "$kind: at once");
        }
    }
};

subtest 'errors and logs name nobody' => sub {
    $story->http->post_form($stack->base . '/displayer/convert/email', { email => $email });
    $story->get("/displayer/$user/groups.json?who=$email");
    for my $part (qw(read app fetch fetch-anon signin jobs recheck nginx-access nginx-error)) {
        unlike($stack->log_text($part), qr/ada\.lovelace/i, "the log of $part");
    }
};

done_testing;
