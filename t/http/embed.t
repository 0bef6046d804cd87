#!/usr/bin/perl
# Badges and collections on other sites: oEmbed, frames, and the words to copy.
use strict;
use warnings;
use utf8;
use Encode ();
use FindBin;
use HTML::Entities qw(decode_entities);
use HTML::TreeBuilder;
use lib "$FindBin::Bin/lib";
use OBI::Story;
use OBI::Test;
use POSIX ();
use Test::More;

my $stack = OBI::Test->stack;
my $story = OBI::Story->new($stack, 'embed');
my $issuer = $story->issuer;
my $ann = $story->address('ann');
my $base = $stack->base;

# What must stand for itself in HTML, in HTML in JSON and in HTML in XML.
my $wild = qq(Knots & "Bends" <b>it's</b>\x01 ]]> \x{FFFF});
my ($badge, $quiet, $drawn) = $story->import_all($ann, $issuer->badge('knots', to => $ann, name => $wild, issuer => 'Harbour & Sons'),
    $issuer->badge('quiet', to => $ann, name => 'Quiet', issuer => 'The workshop'), $issuer->badge('drawn', to => $ann, name => 'Drawn', svg => 1));
my $group = $story->collection($ann, 'Shown & told', 1, $badge->{id}, $quiet->{id});
my $learner = $story->browser($ann);
sub value { return $stack->sql($_[0])->[0][0] }
sub see {
    my ($id, $visibility) = @_;
    $learner->get("/backpack/badge/$id");
    return $learner->post_form("/backpack/badge/$id/visibility", { visibility => $visibility, confirmed => 1 })->code;
}
sub page_of { return '/share/badge/' . value("SELECT path FROM obi.badge_path WHERE badge_id = $_[0]") }
see($_, 'public') for $badge->{id}, $drawn->{id};
my ($single, $picture_less) = map { page_of($_->{id}) } $badge, $drawn;
my $collection = '/share/collection/' . value("SELECT path FROM obi.collection WHERE id = $group");
sub frame_of { return $_[0] =~ s/share/embed/r }

sub oembed {
    my ($url, %more) = @_;
    return $story->get('/oembed?' . $story->http->www_form_urlencode({ url => $url, %more }));
}
# HTML::TreeBuilder keeps attributes as Perl text.
sub frame_in { my ($html) = @_; return HTML::TreeBuilder->new_from_content($html)->look_down(_tag => 'iframe') }
# The document has no attributes and one level, so this is all of its grammar. The browser's parser reads it too.
sub members {
    my ($xml) = @_;
    my $text = Encode::decode('UTF-8', $xml, Encode::FB_CROAK);
    my $member = qr{<(\w+)>((?:[^<>&\x00-\x08\x0B-\x1F\x{FFFE}\x{FFFF}]|&(?:amp|lt|gt);)*)</\g{-2}>\n};
    $text =~ s/\A<\?xml version="1.0" encoding="utf-8" standalone="yes"\?>\n<oembed>\n// && $text =~ s{</oembed>\n\z}{} or return 'no <oembed>';
    my %member;
    while ($text =~ s/\A$member//) { $member{$1} = decode_entities($2) }
    return $text eq '' ? \%member : "no member: $text";
}

for my $page ($single, $collection) {
    subtest "oEmbed of $page" => sub {
        my $answer = oembed("$base$page", format => 'json');
        is $answer->{status}, 200, 'is there';
        is $answer->{headers}{'content-type'}, 'application/json', 'as JSON';
        is $answer->{headers}{'access-control-allow-origin'}, '*', 'for every site';
        is $answer->{headers}{'cache-control'}, 'no-cache', 'to be asked for again';
        ok !exists $answer->{headers}{'set-cookie'}, 'no cookie';
        my $doc = $story->decode($answer);
        is $doc->{version}, '1.0', 'version';
        is $doc->{type}, 'rich', 'type';
        is $doc->{provider_url}, $base, 'provider';
        is $doc->{provider_name}, 'Open Badges Backpack', 'by name';
        like $doc->{cache_age}, qr/^\d+$/, 'for how long';
        is $doc->{author_name}, $page eq $single ? 'Harbour & Sons' : undef, 'who issued it';
        is $doc->{title}, $page eq $single ? $wild : 'Shown & told', 'title';
        like $doc->{html}, qr{^<iframe [^<>]*></iframe>\z}, 'one element, nothing around it';
        my $frame = frame_in($doc->{html});
        is $frame->attr('src'), $base . frame_of($page), 'of the frame\'s address';
        is $frame->attr('title') =~ tr/\x{1}\x{FFFF}//dr, $doc->{title} =~ tr/\x{1}\x{FFFF}//dr, 'named for who does not see it';
        is $frame->attr($_), $doc->{$_}, "$_ is the same in both" for qw(width height);
        my $picture = $story->get($doc->{thumbnail_url});
        is $picture->{headers}{'content-type'}, 'image/png', 'a picture';
        is_deeply [ unpack 'x16 N N', $picture->{content} ], [ @$doc{qw(thumbnail_width thumbnail_height)} ], 'of the size that is said';

        my $xml = oembed("$base$page", format => 'xml');
        is $xml->{headers}{'content-type'}, 'text/xml; charset=utf-8', 'as XML';
        is_deeply members($xml->{content}), { map { $_ => $doc->{$_} =~ tr/\x{1}\x{FFFF}//dr } keys %$doc },
            'well formed, and it says the same, but for what XML cannot hold';
        is_deeply $story->decode(oembed("$base$page")), $doc, 'JSON when no format is named';
    };

    subtest "$page says where" => sub {
        my $tree = HTML::TreeBuilder->new_from_content(Encode::decode('UTF-8', $story->get($page)->{content}));
        for my $kind ([ 'application/json+oembed', 'application/json' ], [ 'text/xml+oembed', 'text/xml' ]) {
            my $link = $tree->look_down(_tag => 'link', rel => 'alternate', type => $kind->[0]) or return fail("no $kind->[0]");
            my $answer = $story->get($link->attr('href'));
            like "$answer->{status} $answer->{headers}{'content-type'}", qr{^200 \Q$kind->[1]\E}, $kind->[0];
            ok $link->attr('title'), 'with its title';
        }
        my $code = $tree->look_down(_tag => 'textarea', id => 'embed-code');
        ok defined $code->attr('readonly'), 'and there is HTML to copy';
        my $frame = frame_in($code->as_text);
        is $frame->attr('src'), $base . frame_of($page), 'that shows it';
        is $frame->attr('title') =~ tr/\x{1}\x{FFFD}\x{FFFF}//dr, $page eq $single ? $wild =~ tr/\x{1}\x{FFFF}//dr : 'Shown & told', 'whatever its name';
    };
}

subtest 'a frame fits where it is told to' => sub {
    for my $case ([ $single, 480, 200 ], [ $single, 480, 200, maxwidth => 2000, maxheight => 2000 ], [ $single, 400, 150, maxwidth => 400, maxheight => 150 ],
        [ $single, 240, 300, maxwidth => 240 ], [ $single, 240, 120, maxwidth => 240, maxheight => 120 ], [ $collection, 640, 480 ],
        [ $collection, 320, 480, maxwidth => 320 ], [ $collection, 640, 90, maxheight => 90 ], [ $collection, 640, 480, maxwidth => '', maxheight => '1000000000000000000' ]) {
        my ($page, $width, $height, %max) = @$case;
        my $doc = $story->decode(oembed("$base$page", %max));
        is "$doc->{width} x $doc->{height}", "$width x $height", join ' ', $page, %max;
    }
    my $size = $story->decode(oembed("$base$single"))->{thumbnail_width};
    my $small = $story->decode(oembed("$base$single", maxwidth => $size - 1));
    is_deeply [ grep { /thumbnail/ } keys %$small ], [], 'a picture that is too large is not named';
    ok $story->decode(oembed("$base$single", maxwidth => $size))->{thumbnail_url}, 'one that fits is';
    is_deeply [ grep { /thumbnail/ } keys %{ $story->decode(oembed("$base$picture_less")) } ], [], 'nor is an SVG, which no site takes';
    for my $wrong ([ maxwidth => 'wide' ], [ maxheight => '-1' ], [ maxwidth => 0 ], [ maxwidth => '10px' ]) {
        my $answer = oembed("$base$single", @$wrong);
        is "$answer->{status} " . $story->decode($answer)->{field}, "400 $wrong->[0]", "@$wrong";
    }
};

subtest 'which addresses are ours' => sub {
    my $other = $base =~ s/localhost/LOCALHOST/r;
    is oembed($_)->{status}, 200, $_ for map { ("$base$_", "$base$_.json", "$base$_?utm_source=a&b=%20#top", "$base$_#badge-1", " $base$_ ", "$base$_?für", "$other$_") } $single, $collection;
    is oembed($_)->{status}, 404, $_ for "http://elsewhere.example$single", 'https' . substr("$base$single", 4), "$base.evil.example$single",
        "http://localhost$single", "http://localhost\@evil.example$single", $single, "$base/", "$base/share/badge/", "$base/share/badge/.json", "$base$single/", "$base$single/more",
        "$base/share/badge/nothing-here", "$base/share/collection/nothing-here", "$base/share/nothing/here", "$base/backpack/badge/$badge->{id}",
        "$base$single%20", "$base$single.xml", 'x' x 3000, "javascript:$single";
    my $answer = $story->get('/oembed');
    is "$answer->{status} " . $story->decode($answer)->{field}, '400 url', 'none at all';
    is oembed("$base$single", format => $_)->{status}, 501, "as $_" for 'yaml', 'JSON', 'html';
    is $story->get('/oembed', Accept => 'text/html')->{headers}{'content-type'}, 'application/json', 'a refusal is JSON';
    is oembed("$base$single", callback => 'f')->{headers}{'content-type'}, 'application/json', 'there is no JSONP';
};

subtest 'what is in a frame' => sub {
    for my $page ($single, $collection) {
        my $answer = $story->get(frame_of($page));
        is $answer->{status}, 200, $page;
        my $policy = $answer->{headers}{'content-security-policy'};
        like $policy, qr/frame-ancestors \*$/, 'any site may show it';
        like $policy, qr/^default-src 'none'; script-src \S+; style-src 'self'; img-src 'self'/, 'and it is as strict as a page otherwise';
        ok !exists $answer->{headers}{'set-cookie'}, 'no cookie';
        ok !exists $answer->{headers}{'x-frame-options'}, 'nor a word against it';
        is $answer->{headers}{'referrer-policy'}, 'no-referrer', 'its address is told to nobody';
        my $html = $answer->{content};
        like $html, qr/<meta name="robots" content="noindex">/, 'not for search engines';
        unlike $html, qr/<script(?! type="module" src=)|<form|<style| style=/, 'nothing inline, no form';
        like $html, qr/<base target="_blank">/, 'its links leave it';
        my @links = $html =~ /<a ([^>]+)>/g;
        ok @links && !(grep { !/rel="noopener"/ } @links), 'and keep no hold of it';
        like $html, qr/Knots &amp; &quot;Bends&quot; &lt;b&gt;/, 'the name is text';
        like $html, qr{<a href="\Q$base$page\E" rel="noopener">}, 'it leads to the page';
    }
    like $story->get(frame_of($single))->{content}, qr/pill-valid/, 'a badge says how it stands';
    my $html = $story->get(frame_of($collection))->{content};
    like $html, qr{<a href="\Q$base$single\E"}, 'in a collection it leads to its own page';
    like $html, qr{<a href="\Q$base$collection\E#badge-2"}, 'or to its place on the collection\'s';
    like $story->get($collection)->{content}, qr/id="badge-2"/, 'which is there';
    unlike $html, qr/pill-/, 'what is over is said, not what is as it should be';
    my $gone = $story->get('/embed/badge/nothing-here');
    like "$gone->{status} $gone->{headers}{'content-security-policy'}", qr/^404 .*frame-ancestors \*/, 'what is not there says so in the frame';
    unlike $gone->{content}, qr/class="bar"/, 'small';
};

subtest 'an empty collection, and a large one' => sub {
    my $empty = $story->collection($ann, 'Nothing yet', 1);
    my $path = value("SELECT path FROM obi.collection WHERE id = $empty");
    like $story->get("/embed/collection/$path")->{content}, qr/There are no badges in this collection/, 'says so';
    is $story->decode(oembed("$base/share/collection/$path"))->{title}, 'Nothing yet', 'and can be shown';
    my @many = map { $issuer->badge("many$_", to => $ann, name => "Badge $_") } 1 .. 62;
    my $large = $story->collection($ann, 'Many', 1, map { $_->{id} } $story->import_all($ann, @many));
    $path = value("SELECT path FROM obi.collection WHERE id = $large");
    my $html = $story->get("/embed/collection/$path")->{content};
    is scalar(() = $html =~ /<li>/g), 60, 'sixty are shown';
    like $html, qr{href="\Q$base\E/share/collection/\Q$path\E" rel="noopener">See 2 more badges}, 'and where the others are';
    like $html, qr/62 badges/, 'and how many there are';
};

# Everything of a page, as often as it is asked for until the next write.
sub warm { my ($page) = @_; return join ' ', map { $story->get(frame_of($page))->{status}, oembed("$base$page")->{status} } 1 .. 3 }
subtest 'a write shows before it is acknowledged' => sub {
    is warm($single), '200 200 200 200 200 200', 'a badge';
    see($badge->{id}, 'private');
    is warm($single), '404 404 404 404 404 404', 'is private, which looks as if it were not there';
    see($badge->{id}, 'public');
    is warm($single), '200 200 200 200 200 200', 'and comes back';

    is warm($collection), '200 200 200 200 200 200', 'a collection';
    for my $name ('Second name', 'Third name') {
        $story->show_collection($ann, $group, 'public', $name);
        like $story->get(frame_of($collection))->{content}, qr/>$name</, $name;
        is $story->decode(oembed("$base$collection"))->{title}, $name, 'also to who asks';
    }
    $learner->post_form("/collections/$group/badges", [ do => 'drop', badge => $badge->{id} ]);
    unlike $story->get(frame_of($collection))->{content}, qr/Knots/, 'a badge that is taken out is gone';
    $learner->post_form("/collections/$group/badges", [ do => 'put', badge => $badge->{id} ]);
    like $story->get(frame_of($collection))->{content}, qr/Knots/, 'put in again it is back';
    $story->show_collection($ann, $group, 'private', 'Third name');
    is warm($collection), '404 404 404 404 404 404', 'private';
    $story->show_collection($ann, $group, 'link', 'Third name');
    is warm($collection), '200 200 200 200 200 200', 'shown to who has the link';
    my $moved = 'moved-' . $$ . '-' . time;
    $learner->post_form("/collections/$group/change", { name => 'Third name', description => '', visibility => 'public', path => $moved });
    is warm($collection), '404 404 404 404 404 404', 'moved';
    is warm("/share/collection/$moved"), '200 200 200 200 200 200', 'to there';
    $learner->post_form("/backpack/badge/$badge->{id}/remove", { confirmed => 1 });
    is warm($single), '404 404 404 404 404 404', 'a badge that is removed';
    unlike $story->get("/embed/collection/$moved")->{content}, qr/Knots/, 'also from its collection';
    $learner->post_form("/collections/$group/remove", { confirmed => 1 });
    is warm("/share/collection/$moved"), '404 404 404 404 404 404', 'so is a collection';
};

subtest 'a badge whose time is over, or that was taken back, says so' => sub {
    my $soon = POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime(time + 1800));
    my @brief = $story->import_all($ann, $issuer->badge('brief', to => $ann, name => 'Brief', assertion => { expires => $soon }));
    my $id = $story->collection($ann, 'Brief ones', 1, $brief[0]{id});
    see($brief[0]{id}, 'public');
    my $page = page_of($brief[0]{id});
    my $shown = '/share/collection/' . value("SELECT path FROM obi.collection WHERE id = $id");
    my $group = '/displayer/' . $story->user_id($ann) . "/group/$id";
    my @documents = ((map { ($_, "$_.json", frame_of($_)) } $page, $shown), $group, "$group.json");
    my $says_so = qr/(pill|verdict)-expired|"status":"expired"/;
    $stack->clock(1790);
    for my $round (1, 2) { unlike $story->get($_)->{content}, $says_so, "$_ is valid now" for @documents }
    $stack->clock(1900);
    # memcached's own clock does not move: it was told to keep what it has for the ten seconds that were left.
    ok $stack->wait_until(20, sub { $story->get($_)->{content} =~ $says_so }), "$_ is not then" for @documents;
    $stack->clock(0);
};

subtest 'no log holds the address of a page' => sub {
    my ($secret) = $single =~ m{([\w-]+)$};
    my $logs = join '', map { do { local (@ARGV, $/) = $_; <> // '' } } grep { -s } glob $stack->var . '/log/*';
    like $logs, qr{"path":"\Q$_\E"}, "$_ was asked for" for '/embed/badge/-', '/oembed';
    unlike $logs, qr/\Q$secret\E/, 'of which nothing says so';
};

done_testing;
