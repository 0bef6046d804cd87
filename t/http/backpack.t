#!/usr/bin/perl
# The backpack: adding badges and what is said when it fails, a badge's page, and whose it is.
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp qw(tempdir);
use OBI::Issuer;
use OBI::Story;
use OBI::Test;
use Test::More;

my $stack = OBI::Test->stack;
my $story = OBI::Story->new($stack, 'backpack');
my $issuer = $story->issuer;
my $dir = tempdir(CLEANUP => 1);

# The picture of a badge with it inside, as bytes.
sub baked {
    my ($url) = @_;
    my ($status, undef, $err) = $stack->obi('bake', '--assertion', $url, '--output', "$dir/baked");
    BAIL_OUT("obi bake $url: $err") if $status != 0;
    open my $in, '<:raw', "$dir/baked" or die;
    local $/;
    return scalar <$in>;
}
sub text_of {
    my ($reply) = @_;
    my $text = $reply->decoded_content;
    $text =~ s/<[^>]*>/ /g;
    $text =~ s/\s+/ /g;
    return $text;
}
sub ids { return $_[0]->decoded_content =~ m{href="/backpack/badge/(\d+)"}g }

my $ann = $story->address('ann');
my $learner = $stack->browser->sign_in($ann);
my $stranger = $stack->browser->sign_in($story->address('eve'));

subtest 'an empty backpack says what to do' => sub {
    my $reply = $learner->get('/backpack');
    is $reply->code, 200, 'it opens';
    like $reply->decoded_content, qr{href="/backpack/add"}, 'the way to add one';
    like text_of($reply), qr/waiting for its first badge/, 'in words';
};

my $picture = baked($issuer->badge('one', to => $ann, name => 'Bread baking', issuer => 'The bakery'));
subtest 'a baked picture is added' => sub {
    my $reply = $learner->upload([ 'bread.png', $picture ]);
    is $reply->code, 200, 'taken';
    like text_of($reply), qr/bread\.png Added to your backpack/, 'and said so';
    like text_of($learner->get('/backpack')), qr/1 badge .* Bread baking The bakery 127\.0\.0\.1:\d+ Verified/,
        'it stands in the backpack with its issuer and the issuer\'s host';
};

subtest 'the same badge again: says so, links to it, adds nothing' => sub {
    my ($id) = ids($learner->get('/backpack'));
    my $reply = $learner->upload([ 'again.png', $picture ]);
    like text_of($reply), qr/already have this badge/, 'said';
    like $reply->decoded_content, qr{href="/backpack/badge/$id"}, 'linked';
    like text_of($learner->get('/backpack')), qr/1 badge /, 'one badge';
};

subtest 'a badge with much to be said about it has a report' => sub {
    my @endorsements = map { {
        '@context' => 'https://w3id.org/openbadges/v2', type => 'Endorsement', id => $issuer->url("e$_?" . 'x' x 1900),
        claim => { id => $issuer->url("other$_?" . 'y' x 1900) }, issuer => $issuer->url('two-issuer.json'),
        issuedOn => '2026-01-02T03:04:05Z', verification => { type => 'HostedBadge' } } } 1 .. 30;
    my $reply = $learner->post_form('/backpack/add', [ url => $issuer->badge('endorsed', to => $ann, name => 'Praised',
        assertion => { endorsement => \@endorsements }) ]);
    my ($id) = ids($reply);
    my $report = $learner->get("/backpack/badge/$id/report?download");
    cmp_ok length $report->content, '>', 300 * 1024, 'more than a document of others may have';
    $reply = $learner->get("/backpack/badge/$id/report");
    is $reply->code, 200, 'its page opens';
    is scalar(() = text_of($reply) =~ /is one of \S+, not of this/g), 30, 'with all that was said';
    is $learner->post_form("/backpack/badge/$id/remove", { confirmed => 1 })->code, 303, 'it goes like any other';
};

subtest 'an assertion\'s address is enough' => sub {
    my $url = $issuer->badge('two', to => $ann, name => 'Sourdough');
    my $reply = $learner->post_form('/backpack/add', [ url => " $url\n" ]);
    is $reply->code, 200, 'taken, blanks and all';
    is((ids($learner->get('/backpack')))[0], (ids($reply))[0], 'the newest stands first');
};

subtest 'several pictures at once: each has its own answer' => sub {
    my @pictures = map { [ "$_.png", baked($issuer->badge($_, to => $ann)) ] } qw(three four);
    my $reply = $learner->upload(@pictures, [ 'plain.png', OBI::Issuer::png() ]);
    is $reply->code, 200, 'some were added';
    is scalar(() = text_of($reply) =~ /Added to your backpack/g), 2, 'two';
    like text_of($reply), qr/plain\.png That picture has no badge in it/, 'and the third says why not';
    is scalar(() = text_of($reply) =~ /has no badge in it/g), 1, '... once';
    like text_of($reply), qr/2 added, 1 not added/, 'and how many are in, first';
};

subtest 'what fails says which step, document, address, field and status' => sub {
    my $gone = baked($issuer->badge('gone', to => $ann));
    unlink "$stack->{var}/demo/www/" . ($issuer->url('gone.json') =~ s{^https?://[^/]+/}{}r) or die "unlink: $!";
    my %case = (
        'no picture' => [ 'text.png', 'hello', 400, qr/neither a PNG nor an SVG|no badge/ ],
        'a damaged picture' => [ 'cut.png', substr($picture, 0, 200), 400, qr/damaged|not well formed/ ],
        'a document that is gone' => [ 'gone.png', $gone, 400, qr/gone\.json.*HTTP status 404/ ],
        'another\'s badge' => [ 'eve.png', baked($issuer->badge('eve', to => 'eve@example.org')), 403, qr/another address|somebody else/ ],
    );
    for my $name (sort keys %case) {
        my ($file, $bytes, $status, $text) = @{ $case{$name} };
        my $reply = $learner->upload([ $file, $bytes ]);
        is $reply->code, $status, "$name: the status";
        like text_of($reply), $text, 'the reason';
        is scalar(() = $reply->decoded_content =~ s{<template.*?</template>}{}sr =~ /class="step-failed"/g), 1, 'one step failed';
    }
    my $bad = $issuer->badge('bad', to => $ann, class => { name => undef });
    my $reply = $learner->post_form('/backpack/add', [ url => $bad ]);
    like text_of($reply), qr/bad-class\.json/, 'the document';
    like text_of($reply), qr/\bname\b/, 'the field';
    is $learner->post_form('/backpack/add', [ url => 'ftp://example.org/x' ])->code, 400, 'no web address';
    is $learner->post_form('/backpack/add', [ url => 'http://[::1]:1/x' ])->code, 400, 'an address that is not open';
    is $learner->post_form('/backpack/add', [])->code, 400, 'nothing at all';
    like text_of($learner->get('/backpack')), qr/ 4 badges /, 'nothing of it was kept';
};

subtest 'what fails is laid at the right door' => sub {
    my %case = (
        'a cut PNG' => [ 'Picture read', undef, [ 'cut.png', substr $picture, 0, 200 ] ],
        'a broken SVG' => [ 'Picture read', undef, [ 'cut.svg', '<svg xmlns="http://www.w3.org/2000/svg"><g>' ] ],
        'a script' => [ 'Documents fetched', qr/begins with https/, 'javascript:alert(1)' ],
        'a refused address' => [ 'Documents fetched', qr/whole web can reach/, 'http://10.0.0.1/x' ],
        'nobody there' => [ 'Documents fetched', qr/issuer has to/, $issuer->url('never.json') ],
    );
    for my $name (sort keys %case) {
        my ($step, $hint, $what) = @{ $case{$name} };
        my $reply = ref $what ? $learner->upload($what) : $learner->post_form('/backpack/add', [ url => $what ]);
        my $html = $reply->decoded_content;
        is(($html =~ /class="step-failed"><span>([^<]*)/)[0], $step, "$name: the step");
        like text_of($reply), $hint, 'what to do' if $hint;
        unlike text_of($reply), qr/issuer(?:’s side| has to)/, 'the issuer is not blamed' unless $name eq 'nobody there';
    }
    my $reply = $learner->post_form('/backpack/add', [ url => $issuer->badge('over', to => $ann, assertion => { expires => '2024-02-01T10:00:00Z' }) ]);
    like text_of($reply), qr/expired on 1 February 2024/, 'a moment as a person writes it';
    unlike text_of($reply), qr/T10:00/, 'and not as a machine does';
};

subtest 'a badge for another letter case of the address is taken, and the learner told' => sub {
    my $url = $issuer->badge('case', to => ucfirst $ann, name => 'Case');
    my $reply = $learner->post_form('/backpack/add', [ url => $url ]);
    like text_of($reply), qr/Added to your backpack.*Issued to \Q$ann\E in other upper and lower case letters.*other sites/, 'said';
    my ($id) = ids($reply);
    my ($status, $out) = $stack->obi('import', '--user', $ann, $url);
    like $out, qr/"recipientInOtherCase":\s*true/, 'and to programs';
    ($status, $out) = $stack->obi('import', '--user', $ann, $issuer->url('one.json'));
    is $status, 0, 'of another badge';
    unlike $out, qr/recipientInOtherCase/, 'it is not said';
    $learner->post_form("/backpack/badge/$id/remove", { confirmed => 1 });
};

subtest 'too large a picture is told the limit' => sub {
    my $reply = $learner->upload([ 'large.png', $picture . "\0" x (2 * 1024 * 1024) ]);
    is $reply->code, 413, 'the status';
    like text_of($reply), qr/larger than 2 MiB/, 'the limit';
    $reply = $learner->post_form('/backpack/add', [ badge => [ undef, 'huge.png', Content => "\0" x (19 * 1024 * 1024) ] ]);
    is $reply->code, 413, 'far too large';
    like $reply->decoded_content, qr/<h1/, 'with a page';
    $reply = $learner->upload(map { [ "small$_.png", $picture ] } 1 .. 9);
    is $reply->code, 200, 'nine small ones at once are taken';
    is scalar(() = $reply->decoded_content =~ s{<template.*?</template>}{}sr =~ /class="panel result /g), 9, 'and each is answered';
    $reply = $learner->upload(map { [ "small$_.png", '' ] } 1 .. 51);
    is $reply->code, 413, 'fifty-one are not';
    like text_of($reply), qr/at most 50 files/, 'and the page says so';
};

subtest 'a badge\'s page shows what the badge says, as text' => sub {
    my $evil = '"><script>alert(1)</script>';
    my $url = $issuer->badge('rich', to => $ann, name => "Rich $evil", description => "Text $evil", assertion => {
        expires => '2099-05-04T00:00:00Z', narrative => "How $evil",
        evidence => [ { narrative => 'Without a link' }, { id => 'https://evidence.example/1', name => 'Good link', narrative => 'Text' } ] },
        class => { tags => [ 'tag one', $evil ], alignment => [ { targetName => 'Standard 1', targetUrl => 'https://standards.example/1', targetCode => 'S1' } ],
            criteria => { id => 'https://criteria.example/', narrative => 'Knead.' } });
    my $reply = $learner->post_form('/backpack/add', [ url => $url ]);
    my ($id) = ids($reply) or return fail('added') || diag text_of($reply);
    $reply = $learner->get("/backpack/badge/$id");
    my $html = $reply->decoded_content;
    unlike $html, qr/<script>alert/, 'nothing of it is markup';
    unlike $html, qr/href="javascript/, 'no link but http and https';
    for my $text ('4 May 2099', 'Without a link', 'Good link', 'https://evidence.example/1', 'Standard 1', 'Code: S1', 'tag one', 'Knead.',
        'https://criteria.example/', 'How ', 'Open Badges version') {
        ok index($html, $text) >= 0, $text;
    }
};

subtest 'a badge\'s page drops nothing that the badge has' => sub {
    my %more = (foo => 'unknown text', deep => { a => [ 1, { b => 'deep text' } ] });
    my $url = $issuer->badge('whole', to => $ann, assertion => { %more, evidence => [ { id => 'https://e.example/1',
            narrative => 'The narrative.', description => 'The description.', genre => 'Essay', audience => 'Everybody' } ] },
        class => { bar => [ 'class list', 2.50 ], alignment => [ { targetName => 'S', targetUrl => 'https://s.example/', targetFramework => 'Frame', targetCode => 'C7' } ] },
        profile => { baz => 'issuer text' });
    my ($id) = ids($learner->post_form('/backpack/add', [ url => $url ])) or return fail('added');
    my $text = text_of($learner->get("/backpack/badge/$id"));
    for my $part ('The narrative.', 'The description.', 'Kind: Essay', 'For: Everybody', 'Framework: Frame', 'Code: C7',
        'unknown text', 'deep text', 'class list', 'issuer text', '&quot;foo&quot;: &quot;unknown text&quot;', '&quot;hashed&quot;: true') {
        ok index($text, $part) >= 0, $part;
    }
    ($id) = ids($learner->post_form('/backpack/add', [ url => $issuer->badge_05('old', to => $ann, assertion => { extra => 'in 0.5' }) ]));
    my $html = $learner->get("/backpack/badge/$id")->decoded_content;
    like $html, qr/$_/, $_ for '&quot;salt&quot;: &quot;salt-old', '&quot;version&quot;: &quot;0\.5\.0', '&quot;extra&quot;: &quot;in 0\.5';
    unlike $html, qr/verification|HostedBadge/, 'nothing that it never had';
    $learner->post_form("/backpack/badge/$id/visibility", { visibility => 'public', confirmed => 1 });
    my ($share) = $learner->get("/backpack/badge/$id")->decoded_content =~ m{value="\S*(/share/badge/[\w-]+)"};
    unlike $stack->browser->get($share)->decoded_content, qr/salt-old/, 'others do not get the documents';
};

subtest 'whose it is stands there as an address; its hash is a detail' => sub {
    my ($id) = ids($learner->get('/backpack'));
    my $html = $learner->get("/backpack/badge/$id")->decoded_content;
    like $html, qr{<dt>Issued to</dt><dd[^>]*>\Q$ann\E</dd>}, 'the address that matched';
    like $html, qr{<summary>Technical details.*sha256\$[0-9a-f]{64}}s, 'the hash';
    is scalar(() = $html =~ /sha256\$[0-9a-f]{64}<\/dd>/g), 1, 'once';
};

subtest 'the help says what cannot be added' => sub {
    my $text = text_of($learner->get('/help'));
    like $text, qr/has expired or was revoked cannot be added/, 'what is over already';
    like $text, qr/expires or is revoked later stays/, 'what will be';
};

subtest 'the picture is downloaded baked' => sub {
    my ($id) = ids($learner->get('/backpack'));
    my $reply = $learner->get("/backpack/badge/$id/picture?download");
    is $reply->code, 200, 'it comes';
    like $reply->header('Content-Disposition'), qr/^attachment; filename="badge-\d+\.png"$/, 'as a file';
    like $reply->content, qr/iTXt.*openbadges/s, 'with the badge inside';
    like $reply->header('Cache-Control'), qr/private/, 'for its owner alone';
};

subtest 'what is somebody else\'s is not there' => sub {
    my ($id) = ids($learner->get('/backpack'));
    $stranger->get('/settings');
    is $stranger->get("/backpack/badge/$id")->code, 404, 'the page';
    is $stranger->get("/backpack/badge/$id/picture")->code, 404, 'the picture';
    is $stranger->post_form("/backpack/badge/$id/$_", { visibility => 'public', confirmed => 1 })->code, 404, $_ for qw(remove visibility);
    is $learner->get("/backpack/badge/$id")->code, 200, 'its owner has it still';
    is $stack->browser->get("/backpack/badge/$id")->code, 303, 'nobody is sent to sign in';
    isnt $stack->browser->get("/backpack/badge/$id/picture")->code, 200, 'nor gets the picture';
    is $learner->get("/backpack/badge/$_")->code, 404, "no id: $_" for 'x', '0', '-1', '99999999999999999999', '1x';
};

subtest 'a badge with the address in clear is published only after a warning' => sub {
    my $reply = $learner->post_form('/backpack/add', [ url => $issuer->badge('clear', to => $ann, plain => 1, name => 'In clear') ]);
    my ($id) = ids($reply);
    $reply = $learner->post_form("/backpack/badge/$id/visibility", { visibility => 'link' });
    is $reply->code, 200, 'a question, not yet the deed';
    like $reply->decoded_content, qr/\Q$ann\E/, 'that names the address';
    unlike $learner->get("/backpack/badge/$id")->decoded_content, qr{/share/badge/}, 'it is private still';
    is $learner->post_form("/backpack/badge/$id/visibility", { visibility => 'link', confirmed => 1 })->code, 303, 'told, it does';
    my ($share) = $learner->get("/backpack/badge/$id")->decoded_content =~ m{value="\S*(/share/badge/[\w-]+)"};
    ok $share, 'it has an address' or return;
    $reply = $stack->browser->get($share);
    is $reply->code, 200, 'that opens for everybody';
    unlike $reply->decoded_content, qr/\Q$ann\E/, 'and does not show the e-mail address';
    like $reply->decoded_content, qr/noindex/, 'by link: search engines leave it out';
    is $learner->post_form("/backpack/badge/$id/visibility", { visibility => 'private' })->code, 303, 'private again';
    is $stack->browser->get($share)->code, 404, 'is gone at once';
    is $learner->post_form("/backpack/badge/$id/visibility", { visibility => 'everybody' })->code, 400, 'no such choice';
};

subtest 'removal asks first, then removes everywhere, also from another tab' => sub {
    my ($id) = ids($learner->get('/backpack'));
    my $reply = $learner->post_form("/backpack/badge/$id/remove", {});
    is $reply->code, 200, 'a question';
    is $learner->get("/backpack/badge/$id")->code, 200, 'it is there still';
    is $learner->post_form("/backpack/badge/$id/remove", { confirmed => 1 })->code, 303, 'yes';
    is $learner->get("/backpack/badge/$id")->code, 404, 'gone';
    is $learner->get("/backpack/badge/$id/picture")->code, 404, 'its picture too';
    is $learner->post_form("/backpack/badge/$id/$_", { visibility => 'link', confirmed => 1 })->code, 404, "the other tab's $_ says so"
        for qw(remove visibility);
};

subtest 'a large backpack is turned page by page, newest first' => sub {
    my $bob = $story->address('bob');
    my @added = $story->import_all($bob, map { $issuer->badge("many-$_", to => $bob, name => "Badge number $_") } 1 .. 65);
    my $reader = $stack->browser->sign_in($bob);
    my $reply = $reader->get('/backpack');
    my @first = ids($reply);
    is scalar @first, 60, 'sixty on a page';
    is $first[0], $added[-1]{id}, 'the newest first';
    my ($older) = $reply->decoded_content =~ m{href="(/backpack\?before=\d+)"};
    my @rest = ids($reader->get($older));
    is scalar @rest, 5, 'the rest on the next';
    my %seen;
    is scalar(grep { $seen{$_}++ } @first, @rest), 0, 'none twice';
    is scalar(my @again = ids($reader->get('/backpack?before=nonsense'))), 60, 'nonsense in the address is the first page';
};

done_testing;
