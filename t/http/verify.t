#!/usr/bin/perl
# Checking a badge, for anybody: what goes in, what comes out, and what is refused.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use HTTP::Request;
use URI::Escape ();
use JSON::PP;
use Test::More;
use OBI::Story;
use OBI::Test;

my $stack  = OBI::Test->stack;
my $story  = OBI::Story->new($stack, 'verify');
my $issuer = $story->issuer;
my $to     = $story->address('ada');
my $good   = $issuer->badge('good', to => $to, name => 'Dovetail', issuer => 'The <b>workshop</b>');
my @html   = (Accept => 'text/html,application/xhtml+xml,*/*;q=0.8');
my $json   = JSON::PP->new->utf8->canonical;

sub read_file { open my $in, '<:raw', $_[0] or die "$_[0]: $!"; local $/; return scalar <$in> }
# Each asks from an address of its own: limits have a test of their own.
sub get { my ($query, @headers) = @_; return $stack->browser->get("/verify$query", @headers) }
sub post { my ($fields, @headers) = @_; return $stack->browser->post('/verify', $fields, @headers) }
sub files { my ($fields, @headers) = @_; return post($fields, @headers, Content_Type => 'form-data') }
sub raw { my ($type, $body, @headers) = @_; return $stack->browser->post('/verify', $body, @headers, 'Content-Type' => $type) }
sub escaped { return URI::Escape::uri_escape($_[0]) }
sub report {
    my ($answer, $what) = @_;
    is $answer->code, 200, "$what: answered" or diag $answer->content;
    is $answer->content_type, 'application/json', '... with JSON';
    is $answer->header('Access-Control-Allow-Origin'), '*', '... for every origin';
    is $answer->header('Set-Cookie'), undef, '... without a cookie';
    like $answer->header('Cache-Control'), qr/no-store/, '... not to be kept';
    return (eval { $json->decode($answer->content) } // {})->{report} // {};
}
sub refused {
    my ($answer, $status, $reason, $what) = @_;
    is $answer->code, $status, $what;
    my $doc = eval { $json->decode($answer->content) } // {};
    is_deeply [ @$doc{qw(status reason)} ], [ $status, $reason ], '... in the one shape' or diag $answer->content;
    is $answer->header('Access-Control-Allow-Origin'), '*', '... for every origin';
    is $answer->header('Set-Cookie'), undef, '... without a cookie';
    return $doc;
}

subtest 'the form' => sub {
    my $page = get('', @html);
    is $page->code, 200, 'is there';
    is $page->header('Set-Cookie'), undef, 'without a cookie';
    like $page->content, qr/name="$_"/, "with the field $_" for qw(data image recipient);
    is get('')->content_type, 'text/html', 'also for who takes anything';
    like $stack->browser->get('/help')->content, qr{href="/verify"}, 'the help leads there';
    refused(get('', Accept => 'application/json'), 400, 'FIELD_MISSING', 'a program is told what is missing');
};

subtest 'whatever a badge comes as' => sub {
    for my $svg (0, 1) {
        my $name    = $svg ? 'drawn' : 'painted';
        my $url     = $issuer->badge($name, to => $to, svg => $svg);
        my $picture = $stack->var . "/verify-$$-$name";
        is +($stack->obi('bake', '--assertion', $url, '--output', $picture))[0], 0, "$name is baked";
        my $text = $story->get($url)->{content};
        my %way  = (
            'GET url'             => get('?url=' . escaped($url)),
            'an address'          => post([ data => $url ]),
            'an address in parts' => files([ data => "  $url\n" ]),
            'JSON'                => post([ data => $text ]),
            'a picture'           => files([ image => [ undef, 'x.txt', Content => read_file($picture) ] ]),
            'a file of JSON'      => files([ image => [ undef, 'x', Content => $text ] ]),
            'a picture and text'  => files([ data => 'nonsense', image => [ undef, 'x', Content => read_file($picture) ] ]),
            'JSON with an address' => raw('application/json', $json->encode({ data => $url })),
            'JSON with JSON'       => raw('application/json', $json->encode({ data => $json->decode($text) })),
        );
        for my $what (sort keys %way) {
            my $report = report($way{$what}, "$name as $what");
            ok $report->{valid}, '... is valid' or diag explain $report->{messages};
            is $report->{validationSubject}, $url, '... and is this one';
        }
        unlink $picture;
    }
};

subtest 'a page for people' => sub {
    my $page = get('?url=' . escaped($good), @html);
    is $page->code, 200, 'for a browser';
    is $page->content_type, 'text/html', '... HTML';
    like $page->header('Vary'), qr/Accept/, '... by Accept';
    my ($host) = $good =~ m{//([^/]+)};
    like $page->content, qr/$_/, "... with $_"
        for 'This badge is verified', 'Dovetail', 'The &lt;b&gt;workshop&lt;/b&gt;', "\Q$host speaks for this badge", 'SHA-256';
    unlike $page->content, qr/<img[^>]+\Q$host\E/, '... and no picture from elsewhere';
    is get('?url=' . escaped($good), Accept => $_)->content_type, 'application/json', "JSON for $_"
        for 'application/json', '*/*', 'application/json, text/html;q=0.5';
    my $asked = post([ data => $good, recipient => $to ], @html);
    like $asked->content, qr/Issued to \Q$to\E\./, 'who it was issued to';
    my %field = $asked->content =~ /type="hidden" name="(\w+)" value="([^"]*)"/g;
    my $file  = post([%field], @html);
    is $file->content_type, 'application/json', 'the report can be had as a file';
    like $file->header('Content-Disposition'), qr/^attachment; filename="[\w.-]+\.json"$/, '... to keep';
    is_deeply report($file, 'the file')->{recipientProfile}, { email => $to }, '... which says the same';
    for ([ 'expired', { expires => '2026-02-01T00:00:00Z' }, qr/This badge has expired/ ],
        [ 'revoked', { revoked => JSON::PP::true, revocationReason => 'A mistake.' }, qr/was revoked.*A mistake\./s ],
        [ 'undated', { issuedOn => 'soon' }, qr/is not valid.*What is wrong.*issuedOn.*What helps/s ],
        [ 'classless', { badge => $issuer->url('none.json') }, qr{is not valid.*none\.json.*HTTP 404}s ]) {
        my ($name, $with, $want) = @$_;
        like get('?url=' . escaped($issuer->badge($name, to => $to, assertion => $with)), @html)->content, $want, $name;
    }
    like get('?url=' . escaped($issuer->badge('inside', to => $to, assertion => { badge => { type => 'BadgeClass', name => 7 } })), @html)->content,
        qr{name of BadgeClass in \S+inside\.json is 7, which is no text}, 'what has no address is named by where it stands';
    my $endorsed = $issuer->badge('endorsed', to => $to, assertion => { endorsement => $issuer->url('nobody.json') });
    my $report   = report(get('?url=' . escaped($endorsed)), 'a bad endorsement');
    is_deeply [ @$report{qw(valid status)} ], [ JSON::PP::false, 'valid' ], '... counts in the reference\'s verdict alone';
    like get('?url=' . escaped($endorsed), @html)->content,
        qr/This badge is verified.*About its endorsements.*judged without it.*nobody\.json/s, '... and has a place of its own';
    like get('?url=nonsense', @html)->content, qr/neither an address, nor JSON/, 'what is no badge';
};

subtest 'whose it is' => sub {
    my $other = 'somebody-else@example.org';
    for my $profile ({ email => $to }, { email => [ $other, $to ] }, { email => $to, url => 'https://ada.example/' }) {
        my $report = report(post([ data => $good, profile => $json->encode($profile) ]), 'a profile with it');
        is_deeply $report->{recipientProfile}, { email => $to }, '... matches';
        $report = report(raw('application/json', $json->encode({ data => $good, profile => $profile })), 'as an object');
        ok $report->{valid}, '... too';
    }
    my $report = report(post([ data => $good, profile => $json->encode({ email => $other }) ]), 'a profile without');
    ok !$report->{valid}, '... does not';
    is $report->{messages}[0]{name}, 'VERIFY_RECIPIENT_IDENTIFIER', '... for that reason';
    is report(post([ data => $good, recipient => uc $to ]), 'other letters')->{status}, 'invalid', '... are another';
    ok report(post([ data => $good, recipient => $to, profile => $json->encode({ email => $other }) ]), 'a field and a profile')->{valid},
        '... are both asked';
    my $doc = refused(post([ data => $good, profile => '{"email":' ]), 400, 'JSON_MALFORMED', 'a profile that is no JSON');
    is $doc->{field}, 'profile', '... is named';
    refused(post([ data => $good, profile => '[]' ]), 400, 'FIELD_INVALID', 'nor an object');
    refused(post([ data => $good, profile => '{"email":7}' ]), 400, 'FIELD_INVALID', 'nor of texts');
    refused(post([ data => $good, recipient => 'x' x 255 ]), 400, 'FIELD_INVALID', 'an address without an end');
};

subtest 'what is refused' => sub {
    refused(post([]), 400, 'FIELD_MISSING', 'nothing');
    refused(files([ data => '', image => [ undef, '', Content => '' ] ]), 400, 'FIELD_MISSING', 'an empty form');
    refused(raw('application/json', '{"profile":{}}'), 400, 'FIELD_MISSING', 'JSON without data');
    refused(raw('application/json', '{"data":'), 400, 'JSON_MALFORMED', 'no JSON');
    refused(raw('text/xml', '<a/>'), 415, 'MEDIA_TYPE', 'another type');
    refused(files([ image => [ undef, 'x', Content => 'x' x (4 << 20) ] ]), 413, 'TOO_LARGE', 'more than 4 MiB');
    my $page = post([], @html);
    is $page->code, 400, 'nothing, by a browser';
    like $page->content, qr/role="alert".*name="data"/s, '... is asked again';
    for (5 << 20, 6 << 20) {
        my $large = files([ image => [ undef, 'x', Content => 'x' x $_ ] ], @html);
        is $large->code, 413, "$_ bytes by a browser";
        is $large->content_type, 'text/html', '... a page';
    }
    my $large = files([ image => [ undef, 'x', Content => 'x' x (6 << 20) ] ]);
    is $large->content_type, 'application/json', 'else JSON';
    is $large->header('Access-Control-Allow-Origin'), '*', '... for every origin';
    my $options = $stack->browser->request(HTTP::Request->new(OPTIONS => '/verify', [ Origin => 'https://elsewhere.example' ]));
    is $options->code, 204, 'a browser asks before it sends JSON';
    like $options->header('Access-Control-Allow-Methods'), qr/POST/, '... and may';
};

subtest 'hostile bytes are a report like any other' => sub {
    srand 7;
    my $noise = join '', map { chr int rand 256 } 1 .. 4000;
    my %bytes = (
        noise  => $noise, png => "\x89PNG\r\n\x1a\n$noise", zeros => "\0" x 1000, svg => '<svg xmlns="http://www.w3.org/2000/svg">' . '<g>' x 500,
        entity => '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg">&x;</svg>',
        deep   => '[' x 5000, large => 'x' x (3 << 20), jws => 'eyJhbGciOiJub25lIn0.e30.',
    );
    for my $name (sort keys %bytes) {
        my $report = report(files([ image => [ undef, $name, Content => $bytes{$name} ] ]), $name);
        ok !$report->{valid} && $report->{errorCount} > 0, '... is not valid';
        is files([ image => [ undef, $name, Content => $bytes{$name} ] ], @html)->code, 200, '... nor trouble on a page';
    }
    my $html = '"><script>alert(1)</script>';
    my $page = get('?url=' . escaped($issuer->badge('html', to => $to, name => $html, assertion => { issuedOn => $html })), @html);
    unlike $page->content, qr/<script>alert/, 'HTML stays text';
    like $page->content, qr/&lt;script&gt;alert/, '... and is shown';
};

subtest 'a private address is refused, and nothing more is said of it' => sub {
    my %said;
    for my $url ('http://127.0.0.1:22/x', 'http://10.0.0.1/x', 'http://169.254.169.254/x', 'http://[::1]/x', $stack->base . '/healthz') {
        my $report = report(get('?url=' . escaped($url)), $url);
        is $report->{outcome}, 'unchecked', '... could not be checked';
        my $text = $json->encode([ map { my %m = %$_; delete @m{qw(fetchedAt)}; \%m } @{ $report->{messages} }, @{ $report->{documents} } ]);
        $text =~ s/\Q$url\E/URL/g;
        $said{$text}++;
    }
    is scalar keys %said, 1, 'all get one answer' or diag explain \%said;
};

subtest 'an owner reads the whole report' => sub {
    my $mine  = $story->browser($to);
    my ($row) = $story->import_all($to, $issuer->badge_05('kept', to => $to));
    my $path  = "/backpack/badge/$row->{id}";
    like $mine->get($path)->content, qr{href="\Q$path\E/report"}, 'the badge leads there';
    my $page = $mine->get("$path/report");
    is $page->code, 200, 'it is there';
    like $page->content, qr/$_/, "... with $_"
        for 'This badge is verified', "Issued to \Q$to\E", 'What could be better', 'What helps', 'Where it comes from', 'SHA-256';
    my $file = $mine->get("$path/report?download");
    like $file->header('Content-Disposition'), qr/^attachment/, 'as a file';
    my $doc = $json->decode($file->content);
    is_deeply [ sort keys %$doc ], [qw(input report)], '... without the graph';
    my ($host) = $doc->{input}{value} =~ m{//([^/]+)};
    is_deeply $doc->{report}{chain}, [ { role => 'assertion', id => $doc->{input}{value}, host => $host }, { role => 'badge' },
        { role => 'issuer', host => $host } ], '... with who is named by whom, also where all is one document';
    is $mine->get("$path/report", Accept => 'application/json')->content, $file->content, 'or by Accept';
    is $stack->browser->get("$path/report")->code, 303, 'a stranger is sent to sign in';
    is $story->browser($story->address('eve'))->get("$path/report")->code, 404, 'another learner finds nothing';
    my ($shouted) = $story->import_all($to, $issuer->badge('shouted', to => uc $to));
    like $mine->get("/backpack/badge/$shouted->{id}/report")->content, qr/other upper and lower case letters/, 'a match in other letters is told';
};

subtest 'limits' => sub {
    my $class = $stack->browser;
    is $class->get('/verify', @html)->code, 200, 'the form can be opened' for 1 .. 60;
    my @answers = $class->post_at_once('/verify', [ data => $good ], 50);
    my %seen;
    $seen{ $_->code }++ for @answers;
    is_deeply [ sort keys %seen ], [ 200, 429 ], 'of fifty at once some are told to wait' or diag explain \%seen;
    cmp_ok $seen{200}, '>=', 30, '... but a class behind one address gets by';
    my ($late) = grep { $_->code == 429 } @answers;
    like $late->header('Retry-After'), qr/^\d+$/, '... until when';
    is $late->header('Access-Control-Allow-Origin'), '*', '... for every origin';
    is $late->content_type, 'application/json', '... in JSON';
    is get('?url=' . escaped($good))->code, 200, 'others are not';
};

done_testing;
