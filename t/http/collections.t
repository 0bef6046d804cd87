#!/usr/bin/perl
# Collections: made, filled, ordered, shown, hidden, deleted.
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use OBI::Story;
use OBI::Test;
use Test::More;

my $stack = OBI::Test->stack;
my $story = OBI::Story->new($stack, 'collections');
my $issuer = $story->issuer;
my $ann = $story->address('ann');
my @badges = map { $_->{id} } $story->import_all($ann, map { $issuer->badge("c$_", to => $ann, name => "Badge $_") } 1 .. 4);
my ($clear) = map { $_->{id} } $story->import_all($ann, $issuer->badge('clear', to => $ann, plain => 1, name => 'In clear'));
my ($theirs) = map { $_->{id} } $story->import_all($story->address('eve'), $issuer->badge('eve', to => $story->address('eve')));
my $learner = $stack->browser->sign_in($ann);
my $stranger = $stack->browser->sign_in($story->address('eve'));
my $visitor = $stack->browser;

sub order { return $learner->get($_[0])->decoded_content =~ /<li data-id="(\d+)"/g }
sub count { my @all = order(@_); return scalar @all }
sub change {
    my ($path, %field) = @_;
    return $learner->post_form("$path/change", { name => 'My collection', description => '', visibility => 'private', %field });
}
sub share_path { return ($learner->get($_[0])->decoded_content =~ m{value="\S*(/share/collection/[\w-]+)"})[0] }

my $collection;
subtest 'one is made with a name, and starts private and empty' => sub {
    like $learner->get('/collections')->decoded_content, qr/No collections yet/, 'none at first';
    my $reply = $learner->post_form('/collections', { name => '  My collection ', description => "Two\r\nlines" });
    is $reply->code, 303, 'made';
    ($collection) = $reply->header('Location') =~ m{^(/collections/\d+)$};
    $reply = $learner->follow($reply);
    like $reply->decoded_content, qr{<h1[^>]*>My collection</h1>}, 'trimmed';
    like $reply->decoded_content, qr/value="private" checked/, 'private';
    is share_path($collection), undef, 'and has no address for others yet';
    like $learner->get('/collections')->decoded_content, qr/My collection/, 'it is in the list';
};

subtest 'a name must be a name' => sub {
    for my $bad ('', '   ', 'x' x 201, "a\nb", "ä" x 201) {
        my $reply = $learner->post_form('/collections', { name => $bad, description => 'kept' });
        is $reply->code, 400, 'refused: ' . length $bad;
        like $reply->decoded_content, qr/role="alert".*kept/s, 'with a sentence, and the form as it was';
    }
    is $learner->post_form('/collections', { name => 'x', description => 'x' x 4001 })->code, 400, 'a description has an end';
    is change($collection, name => '')->code, 400, 'also when renaming';
    for my $long ('é' x 200, "\x{1F3C5}" x 200) {
        my $reply = $learner->post_form('/collections', { name => $long, description => substr($long, 0, 1) x 4000 });
        is $reply->code, 303, 'two hundred characters of any script are a name, and four thousand a description';
        $learner->post_form($reply->header('Location') . '/remove', { confirmed => 1 });
    }
    my $reply = $learner->post_form('/collections', { name => 'Lines', description => "x\r\n" x 1999 . 'xx' });
    is $reply->code, 303, 'a line\'s end is one of them, as a browser counts, though it sends two';
    $learner->post_form($reply->header('Location') . '/remove', { confirmed => 1 });
};

subtest 'badges are put in, and nobody else\'s' => sub {
    is $learner->post_form("$collection/badges", [ do => 'put', map { (badge => $_) } @badges[ 0 .. 2 ] ])->code, 303, 'three';
    is join(' ', order($collection)), "@badges[0 .. 2]", 'in the order they were put';
    is $learner->post_form("$collection/badges", [ do => 'put', badge => $badges[0] ])->code, 303, 'again: nothing changes';
    is count($collection), 3, 'three still';
    is $learner->post_form("$collection/badges", [ do => 'put', badge => $badges[3], badge => $theirs ])->code, 404, 'one that is not ours';
    is count($collection), 3, 'and then none of them';
    is $learner->post_form("$collection/badges", { do => 'put' })->code, 400, 'nothing chosen';
    is $learner->post_form("/backpack/badge/$badges[3]/collect", { collection => $collection =~ /(\d+)/ })->code, 303, 'from the badge\'s page';
    is join(' ', order($collection)), "@badges", 'four';
};

subtest 'the order is the learner\'s' => sub {
    my $move = sub { $learner->post_form("$collection/badges", {@_})->code };
    is $move->(do => 'up', badge => $badges[3]), 303, 'up';
    is join(' ', order($collection)), "@badges[0, 1, 3, 2]", 'one place';
    is $move->(do => 'down', badge => $badges[0]), 303, 'down';
    is join(' ', order($collection)), "@badges[1, 0, 3, 2]", 'one place';
    is $move->(do => 'move', by => -3, badge => $badges[2]), 303, 'dragged';
    is join(' ', order($collection)), "@badges[2, 1, 0, 3]", 'three places';
    is $move->(do => 'up', badge => $badges[2]), 303, 'the first stays first';
    is $move->(do => 'move', by => 1000, badge => $badges[2]), 303, 'far';
    is join(' ', order($collection)), "@badges[1, 0, 3, 2]", 'stops at the end';
    is $move->(do => 'move', by => 'x', badge => $badges[2]), 400, 'no number';
    is $move->(do => 'dance', badge => $badges[2]), 400, 'no such thing to do';
    is $move->(do => 'up', badge => $theirs), 404, 'what is not in it';
    is $move->(do => 'drop', badge => $badges[2]), 303, 'out';
    is $move->(do => 'drop', badge => $badges[2]), 303, 'out again, from another tab';
    is join(' ', order($collection)), "@badges[1, 0, 3]", 'three left';
};

subtest 'others see it when they may, and at once' => sub {
    is change($collection, visibility => 'link')->code, 303, 'by link';
    my $share = share_path($collection);
    like $share, qr{/[\w-]{20,}$}, 'its address cannot be guessed';
    my $reply = $visitor->get($share);
    is $reply->code, 200, 'it opens';
    like $reply->decoded_content, qr/noindex/, 'search engines leave it out';
    is change($collection, visibility => 'public', name => 'Renamed <b>')->code, 303, 'public and renamed';
    $reply = $visitor->get($share);
    like $reply->decoded_content, qr/<h1[^>]*>Renamed &lt;b&gt;</, 'the next look shows the new name, as text';
    unlike $reply->decoded_content, qr/noindex/, 'found by whoever looks';
    ok !$reply->header('Set-Cookie'), 'without a cookie';
    is join(' ', $reply->decoded_content =~ /Badge (\d)<\/h2>/g), '2 1 4', 'in the learner\'s order';
    is change($collection)->code, 303, 'private';
    is $visitor->get($share)->code, 404, 'gone at once';
    is $visitor->get("$share.json")->code, 404, 'its JSON too';
};

subtest 'an address may be chosen, once' => sub {
    my $path = 'ann-' . $$ . '-' . time;
    is change($collection, visibility => 'public', path => $path)->code, 303, 'chosen';
    is $visitor->get("/share/collection/$path")->code, 200, 'it opens there';
    my $other = $learner->post_form('/collections', { name => 'Another' })->header('Location');
    my $reply = change($other, path => $path);
    is $reply->code, 409, 'taken';
    like $reply->decoded_content, qr/already uses that address/, 'and said so';
    is change($other, path => $_)->code, 400, "refused: $_" for 'ab', 'a b c', '../x', 'a/b', 'x' x 65, 'ümlaut';
};

subtest 'what was typed stands in the form after a mistake' => sub {
    my $path = $learner->post_form('/collections', { name => 'Mine alone' })->header('Location');
    my %typed = (name => 'New <name>', description => 'New words', visibility => 'link');
    for my $try ([ 400, path => 'no path' ], [ 409, path => 'ann-' . $$ . '-taken' ], [ 400, name => 'x' x 201 ]) {
        my ($status, %bad) = @$try;
        change($collection, path => $bad{path}, visibility => 'public') if $status == 409;
        my $reply = change($path, %typed, %bad);
        is $reply->code, $status, "refused: @{[ keys %bad ]}";
        my $html = $reply->decoded_content;
        like $html, qr{<h1[^>]*>Mine alone</h1>}, 'the collection has its name';
        like $html, qr{id="name"[^>]*value="@{[ $bad{name} // 'New &lt;name&gt;' ]}"}, 'the form the typed one';
        like $html, qr{<textarea[^>]*>New words</textarea>}, 'the description';
        like $html, qr{id="path"[^>]*value="$bad{path}"}, 'the address' if $bad{path};
        is join(' ', $html =~ /value="(\w+)" checked/g), 'link', 'and the choice, once';
    }
};

subtest 'a window that was left open takes nothing back' => sub {
    my $path = $learner->post_form('/collections', { name => 'In two windows' })->header('Location');
    is change($path, visibility => 'public', was => 'private')->code, 303, 'public';
    my $share = share_path($path);
    is change($path, visibility => 'private', was => 'public')->code, 303, 'private, in another window';
    my $reply = change($path, name => 'Renamed', visibility => 'public', was => 'public');
    is $reply->code, 409, 'the first only wanted to rename';
    my $html = $reply->decoded_content;
    like $html, qr/role="alert".*It is now: Private/s, 'it is told';
    like $html, qr/id="name"[^>]*value="Renamed"/, 'what was typed is there';
    like $html, qr/name="was" value="private".*value="private" checked/s, 'beside what is so now';
    is $visitor->get($share)->code, 404, 'and it is private still';
    is change($path, name => 'Renamed', visibility => 'private', was => 'private')->code, 303, 'saved again, it is taken';
    $reply = change($path, visibility => 'public', was => 'link');
    is $reply->code, 409, 'a choice made against another state is asked again';
    like $reply->decoded_content, qr/value="public" checked/, 'and is kept';
};

subtest 'badges with the address in clear are shown only after a warning' => sub {
    my $reply = $learner->post_form("$collection/badges", { do => 'put', badge => $clear });
    is $reply->code, 200, 'into a public one: a question';
    like $reply->decoded_content, qr/In clear.*name="do" value="put"/s, 'that names the badge and keeps the form';
    is count($collection), 3, 'not yet in it';
    is $learner->post_form("/backpack/badge/$clear/collect", { collection => $collection =~ /(\d+)/ })->code, 200, 'from the badge\'s page too';
    is change($collection)->code, 303, 'private';
    is $learner->post_form("$collection/badges", { do => 'put', badge => $clear })->code, 303, 'into a private one: no question';
    is change($collection, visibility => 'public')->code, 200, 'making it public: a question';
    like $learner->get($collection)->decoded_content, qr/value="private" checked/, 'it is private still';
    is change($collection, visibility => 'public', confirmed => 1)->code, 303, 'told, it does';
    unlike $visitor->get(share_path($collection))->decoded_content, qr/\Q$ann\E/, 'the page does not show the address';
};

subtest 'what is somebody else\'s is not there' => sub {
    $stranger->get('/settings');
    is $stranger->get($collection)->code, 404, 'the page';
    is $stranger->post_form("$collection/change", { name => 'x', visibility => 'public' })->code, 404, 'change';
    is $stranger->post_form("$collection/badges", { do => 'put', badge => $theirs })->code, 404, 'put';
    is $stranger->post_form("$collection/remove", { confirmed => 1 })->code, 404, 'remove';
    is $stranger->post_form("/backpack/badge/$theirs/collect", { collection => $collection =~ /(\d+)/ })->code, 404, 'collect';
    is $visitor->get($collection)->code, 303, 'nobody is sent to sign in';
    is $learner->get($collection)->code, 200, 'its owner has it';
};

subtest 'a badge\'s page says through which collections others see it' => sub {
    my ($id) = map { $_->{id} } $story->import_all($ann, $issuer->badge('through', to => $ann));
    my $page = "/backpack/badge/$id";
    my $through = sub { $learner->get($page)->decoded_content =~ /Others also see it in.*?<\/ul>/s ? $& : '' };
    my %in = map { $_ => $learner->post_form('/collections', { name => "Now $_" })->header('Location') } qw(private link public);
    $learner->post_form("$in{$_}/badges", { do => 'put', badge => $id }) for sort keys %in;
    is $through->(), '', 'all are private: nothing to say';
    change($in{$_}, name => "Now $_", visibility => $_) for qw(link public);
    like $through->(), qr{href="$in{public}"[^>]*>Now public<}, 'the public one';
    like $through->(), qr{href="$in{link}"[^>]*>Now link<}, 'the one with a link';
    unlike $through->(), qr/Now private/, 'not the private one';
    like $learner->get($page)->decoded_content, qr/href="#share"><svg[^>]*><use href="[^"]*#globe"/, 'and it is under no lock';
    change($in{$_}, name => "Now $_") for qw(link public);
    is $through->(), '', 'private again';
};

subtest 'a badge that is removed leaves its collections' => sub {
    $learner->post_form("/backpack/badge/$clear/remove", { confirmed => 1 });
    is scalar(grep { $_ == $clear } order($collection)), 0, 'it is out';
    unlike $visitor->get(share_path($collection))->decoded_content, qr/In clear/, 'also for others';
};

subtest 'deleting asks first; the badges stay' => sub {
    my $share = share_path($collection);
    my $reply = $learner->post_form("$collection/remove", {});
    is $reply->code, 200, 'a question';
    like $reply->decoded_content, qr/Delete the collection/, 'in words';
    is $learner->get($collection)->code, 200, 'it is there still';
    is $learner->post_form("$collection/remove", { confirmed => 1 })->code, 303, 'yes';
    is $learner->get($collection)->code, 404, 'gone';
    is $visitor->get($share)->code, 404, 'for others too';
    like $learner->get('/backpack')->decoded_content, qr/5 badges/, 'the badges are there';
};

done_testing;
