#!/usr/bin/perl
# A badge whose issuer is gone still says what was true, in the same words, and its owner has what was fetched, byte for
# byte.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA qw(sha256_hex);
use JSON::PP;
use Test::More;
use OBI::Story;
use OBI::Test;

my $stack   = OBI::Test->stack;
my $story   = OBI::Story->new($stack, 'kept');
my $issuer  = $story->issuer;
my $ann     = $story->address('ann');
my $learner = $story->browser($ann);
my $json    = JSON::PP->new->utf8;

# An issuer that writes in its own words, which a context on its server explains.
my $context = [ 'https://w3id.org/openbadges/v2', $issuer->put('terms.json', {
    generator => 'by hand', '@context' => {
        titel => 'schema:name', fuer => 'obi:recipient', wofuer => { '@id' => 'obi:criteria', '@type' => '@id' },
        von => { '@id' => 'obi:issuer', '@type' => '@id' }, seit => { '@id' => 'obi:issueDate', '@type' => 'xsd:dateTime' } } }) ];
my $folder = $stack->var . '/demo/www/' . ($issuer->url('') =~ s{^https?://[^/]+/}{}r =~ s{/$}{}r);

sub document {
    my ($name, %members) = @_;
    return $issuer->put($name, { '@context' => $context, id => $issuer->url($name), %members });
}
my $picture = $issuer->put('knot.png', OBI::Issuer::png(20, 90, 160));
my $profile = document('issuer.json', type => 'Issuer', titel => 'Seilerei Hafen', url => $issuer->url(''),
    email => 'post@issuer.example');
my $class = document('class.json', type => 'BadgeClass', titel => 'Palstek', description => 'Der Knoten.',
    image => $picture, wofuer => { narrative => 'Dreimal geknotet.' }, von => $profile);
my $assertion = document('a.json', type => 'Assertion', badge => $class, seit => '2024-02-03T04:05:06Z',
    fuer => { type => 'email', hashed => JSON::PP::false, identity => $ann },
    verification => { type => 'HostedBadge' });
my %fetched = map { ($issuer->url($_) => read_file("$folder/$_")) } qw(terms.json issuer.json class.json a.json knot.png);

sub read_file {
    open my $in, '<:raw', $_[0] or die "$_[0]: $!";
    local $/;
    return <$in>;
}
# The documents that a report's page lists, by their address.
sub listed {
    my ($page) = @_;
    my %listed;
    for my $item ($page =~ m{<div class="grow document">(.*?)</div></li>}sg) {
        my ($url)  = $item =~ /class="url[^>]*>([^<]+)/;
        my ($time) = $item =~ /<time datetime="([^"]+)"/;
        my ($hash) = $item =~ /<code class="break">([0-9a-f]{64})</;
        my ($kept) = $item =~ /<a href="([^"]+)" download>/;
        $listed{$url} = { time => $time, hash => $hash, kept => $kept };
    }
    return %listed;
}

my ($badge) = $story->import_all($ann, $assertion);
is $badge->{outcome}, 'added', 'it was taken' or diag explain $badge;
my $page  = "/backpack/badge/$badge->{id}";
my $group = $story->collection($ann, 'Am Hafen', 1);

rename $folder, "$folder.gone" or die "$folder: $!";

subtest 'its owner is told before the address in it is published' => sub {
    $learner->get($page);
    my $asked = $learner->post_form("$page/collect", { collection => $group });
    is $asked->code, 200, 'asked first';
    like $asked->decoded_content, qr/\Q$ann\E/, 'with the address';
    is $learner->post_form("$page/collect", { collection => $group, confirmed => 1 })->code, 303, 'and may';
    is $learner->post_form("$page/visibility", { visibility => 'public', confirmed => 1 })->code, 303, 'its own page too';
};

my $user     = $story->user_id($ann);
my $own      = $learner->get($page)->decoded_content;
my ($single) = $own =~ m{value="\S*(/share/badge/[\w-]+)"};
my $display  = "/displayer/$user/group/$group.json";

subtest 'it is shown as it was' => sub {
    for my $text ($own, $story->get($single)->{content}) {
        like $text, qr/Palstek/, 'its name';
        like $text, qr/Seilerei Hafen/, 'its issuer';
        like $text, qr/Dreimal geknotet\./, 'its criteria';
        like $text, qr/3 February 2024/, 'its date';
    }
    for my $shown ($story->json($display)->{badges}[0]{assertion}, $story->json("$single.json")->{assertion}) {
        is $shown->{badge}{name}, 'Palstek', 'its name';
        is $shown->{badge}{issuer}{name}, 'Seilerei Hafen', 'its issuer';
        is $shown->{issued_on}, '2024-02-03T04:05:06Z', 'its date';
        is_deeply $shown->{badge}{criteria}, { narrative => 'Dreimal geknotet.' }, 'its criteria';
        like $shown->{recipient}, qr/^sha256\$/, 'its recipient, hashed';
        unlike $json->encode($shown), qr/\Q$ann\E|post\@issuer/, 'and no address';
    }
};

subtest 'what was fetched is there for its owner' => sub {
    my %listed = listed($learner->get("$page/report")->decoded_content);
    is_deeply [ sort keys %listed ], [ sort keys %fetched ], 'each document';
    for my $url (sort keys %fetched) {
        my ($name) = $url =~ m{([^/]+)$};
        is $listed{$url}{hash}, sha256_hex($fetched{$url}), "$name: its hash";
        like $listed{$url}{time}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'its time';
        is $listed{$url}{kept}, "$page/document/$listed{$url}{hash}", 'its link';
        my $file = $learner->get($listed{$url}{kept});
        is $file->code, 200, 'its file';
        ok $file->content eq $fetched{$url}, 'byte for byte';
        is $file->header('Content-Type'), 'application/octet-stream', 'as nothing that a browser would open';
        is $file->header('X-Content-Type-Options'), 'nosniff', 'or guess at';
        like $file->header('Content-Disposition'), qr/^attachment; filename="badge-document-\w{8}"$/, 'but save';
        like $file->header('Cache-Control'), qr/private/, 'for its owner alone';
    }
    my $one = $listed{$assertion}{kept};
    is $stack->browser->get($one)->code, 303, 'a stranger is sent to sign in';
    is $story->browser($story->address('eve'))->get($one)->code, 404, 'another learner finds nothing';
    is $learner->get("$page/document/" . ('0' x 64))->code, 404, 'what is not kept is not there';
    is $learner->get("$page/document/knot.png")->code, 404, 'nor what is no hash';
};

subtest 'a check that finds something else keeps both' => sub {
    rename "$folder.gone", $folder or die "$folder: $!";
    document('a.json', type => 'Assertion', revoked => JSON::PP::true, revocationReason => 'Verwechselt.');
    my $revoked = read_file("$folder/a.json");
    is $learner->post_form("$page/check", {})->code, 303, 'checked';
    my $last = $learner->get("$page/report")->decoded_content;
    my %last = listed($last);
    like $last, qr/verdict-revoked/, 'the last check';
    is $last{$assertion}{hash}, sha256_hex($revoked), 'found another document';
    ok $learner->get($last{$assertion}{kept})->content eq $revoked, 'which is kept';
    my ($first_path) = $last =~ m{<p><a href="([^"]+)">What was found when it came</a></p>};
    is $first_path, "$page/report?first", 'the import can be seen too';
    my $first = $learner->get($first_path)->decoded_content;
    my %first = listed($first);
    like $first, qr/verdict-valid/, 'as it was';
    like $first, qr{<a href="\Q$page\E/report">What the last check found</a>}, 'and leads back';
    ok $learner->get($first{$assertion}{kept})->content eq $fetched{$assertion}, 'with the first document';
    is $json->decode($learner->get("$first_path&download")->content)->{report}{status}, 'valid', 'also as JSON';
    is $json->decode($learner->get("$page/report?download")->content)->{report}{status}, 'revoked', 'like the last';
    like $story->get($single)->{content}, qr/Palstek/, 'and the badge still shows what it was for';
};

done_testing;
