#!/usr/bin/perl
# nginx before the workers: which pool gets what, what logs do not say, limits, static files, error pages.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use OBI::Test;

my $stack = OBI::Test->stack;
my $visitor = $stack->browser;

sub read_file { open my $in, '<:raw', $_[0] or return ''; local $/; return scalar <$in> }
# The lines nginx has written since, once there are so many.
my $seen = 0;
sub new_lines {
    my ($count) = @_;
    my @lines;
    $stack->wait_until(5, sub { @lines = $stack->log_lines('nginx-access'); @lines >= $seen + $count });
    my @new = @lines[ $seen .. $#lines ];
    $seen = @lines;
    return @new;
}

subtest 'each route of the table reaches the pool its row names' => sub {
    my %socket = (READ => 'read', APP => 'app', FETCH => 'fetch', FETCH_ANON => 'fetch-anon',
        SIGNIN => 'signin');
    my $rows = 0;
    for my $file (glob "$OBI::Test::TOP/src/*/*.c") {
        my $source = read_file($file);
        while ($source =~ /\{\s*(HTTP_[A-Z_ |]+),\s*"([^"]+)",\s*\w+,([^{}]*?)\}/gs) {
            my ($methods, $path, $rest) = ($1, $2, $3);
            next unless $rest =~ /\.pool = (\w+)/;
            my $pool = $socket{$1};
            next if $path eq '/healthz' || $path eq '/metrics'; # are not logged
            $rows++;
            for my $method ($methods =~ /HTTP_(\w+)/g) {
                (my $address = $path) =~ s/:\w+/1/g;
                $address .= '?x=%20'; # not out of memcached
                my $from = $stack->browser;
                new_lines(0);
                $from->request(HTTP::Request->new($method => $address));
                my ($line) = new_lines(1);
                my ($asked) = ($line->{upstream} // '') =~ m{/([\w-]+)\.sock};
                is $asked, $pool, "$method $path is served by $pool";
            }
        }
    }
    cmp_ok $rows, '>', 5, 'the tables of routes were found';
};

is $visitor->get('/healthz')->code, 200, '/healthz answers';

subtest 'no log holds a query or a link\'s token' => sub {
    $visitor->get('/signin/s3cr3t-token-of-a-link?next=s3cr3t-query');
    $visitor->get('//signin/s3cr3t-token-of-a-link');
    $visitor->get('/displayer/1/groups.json?callback=s3cr3t-query');
    my $text = join '', map { read_file($_) } glob $stack->var . '/log/*';
    unlike $text, qr/s3cr3t/, 'while all runs';
    like $text, qr{"path":"/signin/-"}, 'the path is logged without the token';
    unlike read_file($stack->var . '/log/nginx-access.log'), qr/\Q$visitor->{address}\E/, 'nor a whole address';
    $stack->expect_log('connect\(\) to unix:.*app.sock failed', 'recv\(\) failed');
    $stack->stop('app');
    is $visitor->get($_)->code, 502, "the app pool is down: $_" for '/signin/s3cr3t-token-of-a-link', '/signin?next=/issuer/push/s3cr3t',
        '/claim?assertion=https://s3cr3t.example/', '/issuer/frameless?assertions=https://s3cr3t.example/', '/access?state=s3cr3t';
    $stack->start('app');
    $text = join '', map { read_file($_) } glob $stack->var . '/log/*';
    unlike $text, qr/s3cr3t/, 'nor while the pool is down';
};

subtest 'what is too large is refused with a page that says the limit' => sub {
    my $page = $visitor->post('/backpack/add', 'x' x (19 << 20), 'Content-Type' => 'application/octet-stream');
    is $page->code, 413, '19 MB';
    like $page->content, qr/2 MiB/, 'the limit of a picture';
    like $page->content, qr/9 MiB/, 'the limit of all';
    like $page->header('Content-Security-Policy'), qr/default-src 'none'/, 'under a policy';
    isnt $visitor->post('/backpack/add', 'x' x (17 << 20), 'Content-Type' => 'application/octet-stream')->header('Server') // '',
        '', '17 MB reach the worker';
    my $json = $visitor->post('/displayer/convert/email', 'x' x (2 << 20));
    is $json->code, 413, 'the display API';
    is $json->content_type, 'application/json', 'says so in JSON';
    is_deeply JSON::PP::decode_json($json->content),
        { httpStatus => 413, status => 'invalid', error => 'That is too large.' }, 'as a worker would';
    unlike $visitor->post('/signin', 'x' x (2 << 20))->content, qr/MiB/, 'elsewhere nothing is said of pictures';
    my $long = $visitor->get('/' . 'x' x 9000);
    is $long->code, 414, 'a long address';
    like $long->content, qr/That address is too long/, 'is told so';
    $long = $visitor->get('/', 'X-Long' => 'x' x 9000);
    is $long->code, 431, 'a long header';
    like $long->content, qr/too much in its address or headers/, 'too';
};

subtest 'the form says so before' => sub {
    my $learner = $stack->browser->sign_in('limits@example.org');
    my $form = $learner->get('/backpack/add')->decoded_content;
    like $form, qr/up to 2 MiB each/, 'of a picture';
    like $form, qr{<noscript[^>]*>[^<]*9 MiB}, 'of all, where they are not sent one by one';
};

subtest 'what nginx answers itself is what a worker would have answered' => sub {
    my ($ours, $theirs) = map { $visitor->get($_, Accept => 'text/html') } '/static/nothing', '/nothing';
    is $_->code, 404, 'nothing there' for $ours, $theirs;
    (my $page = $theirs->content) =~ s{<p class="fine">[^\n]*</p>\n}{}; # the request's id
    is $ours->content, $page, 'the same page';
    like $ours->content, qr/Go to the start page/, 'with the way back';
    my ($policy) = $ours->header('Content-Security-Policy');
    like $policy, qr/style-src 'self'; img-src 'self'/, 'whose policy lets its logo show';
    unlike $policy, qr/script-src/, 'and no script run';
};

subtest 'static files may be kept for ever' => sub {
    my ($css) = map { m{([^/]+)$} } glob "$OBI::Test::TOP/build/dev/static/*.css";
    my $reply = $visitor->get("/static/$css", 'Accept-Encoding' => 'gzip');
    is $reply->code, 200, $css;
    like $reply->header('Cache-Control'), qr/max-age=31536000, immutable/, 'immutable';
    is $reply->header('X-Content-Type-Options'), 'nosniff', 'nosniff';
    is $reply->header('Content-Encoding'), 'gzip', 'compressed';
    is $reply->header('Set-Cookie'), undef, 'no cookie';
    my $lost = $visitor->get('/static/app.0000000000000000.css');
    is $lost->code, 404, 'one that is not there';
    unlike $lost->header('Cache-Control') // '', qr/immutable/, 'may be there later';
    like $lost->content, qr/There is nothing at this address/, 'a page says so';
    is $visitor->get('/static/../obi.conf')->code, 404, 'nothing else is served';
    is $visitor->get('/static/')->code, 404, 'no list of them';
};

subtest 'a pool that is down' => sub {
    $stack->expect_log('connect\(\) to unix:.*(?:app|read).sock failed', 'recv\(\) failed');
    $stack->stop(qw(app read));
    my $page = $visitor->get('/backpack');
    is $page->code, 502, 'a page';
    ok $page->header('Retry-After'), 'Retry-After';
    is $page->content_type, 'text/html', 'is HTML';
    is $page->header('Cache-Control'), 'no-store', 'and not kept';
    like $page->content, qr/A part of this site is being started again/, 'says why';
    my @parts = $page->content =~ m{(?:href|src)="(/static/[^"]+)"}g;
    cmp_ok scalar @parts, '>=', 3, 'icon, style and logo';
    is $visitor->get($_)->code, 200, "$_ is there all the same" for @parts;
    my $json = $visitor->get('/displayer/1/groups.json?callback=f'); # which memcached never has
    is $json->code, 502, 'the display API';
    is $json->content_type, 'application/json', 'is JSON';
    is_deeply JSON::PP::decode_json($json->content),
        { httpStatus => 502, status => 'error', error => 'A part of this site is being started again.' }, 'of its own shape';
    $json = $visitor->get('/share/badge/abc.json');
    is_deeply JSON::PP::decode_json($json->content),
        { status => 502, reason => 'TRY_LATER', sentence => 'A part of this site is being started again.' }, 'any other JSON of the common one';
    $stack->start(qw(app read));
    is $visitor->get('/healthz')->code, 200, 'and back';
};

subtest 'guessing addresses is limited for each client' => sub {
    my ($guesser, $other) = ($stack->browser, $stack->browser);
    my %answers;
    $answers{ $_->code }++ for $guesser->post_at_once('/displayer/convert/email', [ email => 'guess@example.org' ], 80);
    cmp_ok $answers{429} // 0, '>', 5, 'one who asks 80 times at once is stopped';
    cmp_ok $answers{429} // 0, '<', 30, 'after the first 60';
    isnt $other->post('/displayer/convert/email', [ email => 'guess@example.org' ])->code, 429, 'another is not';
    isnt $guesser->get('/displayer/1/groups.json')->code, 429, 'reading is not limited';
    my $refused = $guesser->post('/displayer/convert/email', [ email => 'a@example.org' ]);
    is $refused->content_type, 'application/json', 'the refusal is JSON' if $refused->code == 429;
};

subtest 'both loopback families' => sub {
    plan skip_all => 'this machine has no IPv6' unless -s '/proc/net/if_inet6';
    my $agent = LWP::UserAgent->new;
    is $agent->get('http://[::1]:' . $stack->port . '/healthz')->code, 200, '::1';
    is $agent->get('http://127.0.0.1:' . $stack->port . '/healthz')->code, 200, '127.0.0.1';
};

done_testing;
