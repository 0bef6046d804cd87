#!/usr/bin/perl
# What arrives from the wire, good and bad, through nginx and the workers: each gets the answer it should and
# none costs a worker.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use HTTP::Request;
use IO::Socket::INET;
use JSON::PP;
use Test::More;
use OBI::Test;

my $stack = OBI::Test->stack;
my $visitor = $stack->browser;
$stack->expect_log(qr/client sent invalid chunked body/); # nginx says so loudly

# Bytes to nginx as they are; what came back until it closed, or fell silent for 5 s.
sub raw {
    my ($bytes, %option) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $stack->port, Timeout => 5)
        or BAIL_OUT("no connection: $!");
    local $SIG{PIPE} = 'IGNORE';
    print {$socket} $bytes;
    $socket->flush;
    shutdown $socket, 1 if $option{cut};
    my $answer = '';
    local $@;
    eval {
        local $SIG{ALRM} = sub { die "silent\n" };
        alarm 5;
        while (sysread $socket, my $more, 65536) { $answer .= $more }
        alarm 0;
    };
    alarm 0;
    return $answer;
}
sub request_of {
    my ($line, $body, @headers) = @_;
    my $length = defined $body ? 'Content-Length: ' . length($body) . "\r\n" : '';
    return "$line HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n$length" . join('', map { "$_\r\n" } @headers) . "\r\n"
        . ($body // '');
}
sub status_of { return $_[0] =~ m{^HTTP/1\.1 (\d+)} ? $1 : "nothing: $_[0]" }
sub ask { return raw(request_of(@_)) }
sub alive {
    my ($name) = @_;
    is($visitor->get('/healthz')->code, 200, "$name, and the read pool lives");
    is($visitor->get('/help')->code, 200, "$name, and the app pool lives");
}
my $form = 'Content-Type: application/x-www-form-urlencoded';

subtest 'methods' => sub {
    my $answer = ask('DELETE /help');
    is(status_of($answer), 405, 'another method is refused');
    like($answer, qr/^Allow: GET, HEAD, OPTIONS\r$/m, 'with those there are');
    is(status_of(ask('POST /help', '', $form)), 405, 'POST on a page that is only read');
    is(status_of(ask('BREW /help')), 405, 'a method nobody knows');
    $answer = ask('GET /signout');
    is(status_of($answer), 405, 'signing out is no link');
    like($answer, qr/^Allow: POST, OPTIONS\r$/m, 'but a form');
};

subtest 'HEAD is GET without the body' => sub {
    for my $path ('/', '/help', '/healthz', '/nothing') {
        my $get = $visitor->get($path);
        my $head = $visitor->head($path);
        is($head->code, $get->code, "$path: the status");
        is($head->header('Content-Type'), $get->header('Content-Type'), "$path: the type");
        is(length $head->content, 0, "$path: no body");
    }
    my $answer = ask('HEAD /help');
    like($answer, qr/\r\n\r\n\z/, 'nothing stands behind the headers');
};

subtest 'OPTIONS' => sub {
    my $answer = ask('OPTIONS /displayer/1/groups.json', undef, 'Origin: https://blog.example',
        'Access-Control-Request-Method: GET');
    is(status_of($answer), 204, 'a preflight is answered');
    like($answer, qr/^Access-Control-Allow-Origin: \*\r$/m, 'for every origin');
    unlike(ask('OPTIONS /displayer/convert/email', undef, 'Origin: https://blog.example'),
        qr/^Access-Control-Allow-Origin/m, 'never for convert/email');
    unlike(ask('OPTIONS /backpack', undef, 'Origin: https://blog.example'), qr/^Access-Control-Allow-Origin/m,
        'never for a page');
    unlike(ask('GET /backpack', undef, 'Origin: https://blog.example'), qr/^Access-Control-/m, 'nor in its answer');
};

subtest 'bodies' => sub {
    is(status_of(ask('POST /signin', 'email=' . 'a' x 20_000, $form)), 413, 'over the limit of the route');
    is(status_of(ask('POST /signin', 'a' x 1_100_000, $form)), 413, "over nginx's");
    is(status_of(ask('POST /displayer/convert/email', 'email=' . 'a' x 20_000, $form)), 413, 'over that of an API');
    is(status_of(ask('POST /displayer/convert/email', 'email=a', 'Content-Type: text/plain')), 415, 'another type');
    is(status_of(ask('POST /displayer/convert/email', 'email=a')), 415, 'no type');
    is(status_of(ask('POST /displayer/convert/email', "email=%FF", $form)), 400, 'bytes that are no UTF-8');
    is(status_of(ask('POST /displayer/convert/email', "email=%00", $form)), 400, 'a NUL');
    is(status_of(ask('POST /displayer/convert/email', "email=%4", $form)), 400, 'half an escape');
    is(status_of(ask('POST /displayer/convert/email', join('&', ('a=1') x 300), $form)), 413, 'too many fields');
    is(status_of(ask('POST /displayer/convert/email', '{"email":', 'Content-Type: application/json')), 400, 'half a JSON');
    is(status_of(ask('POST /displayer/convert/email', '{"email":{"a":1}}', 'Content-Type: application/json')), 400,
        'a nested JSON');
    is(status_of(ask('POST /displayer/convert/email', '{"email":"a","email":"b"}', 'Content-Type: application/json')), 400,
        'a JSON that says two things');
    alive('after bad bodies');
};

subtest 'chunked bodies' => sub {
    my $head = "POST /displayer/convert/email HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n$form\r\n"
        . "Transfer-Encoding: chunked\r\n";
    my $answer = raw("$head\r\n6\r\nemail=\r\n11\r\nnobody\@nowhere.ex\r\n0\r\n\r\n");
    is(status_of($answer), 404, 'are read like others');
    like($answer, qr/nobody\@nowhere\.ex/, 'whole');
    is(status_of(raw("$head\r\nzz\r\nemail\r\n0\r\n\r\n")), 400, 'a size that is none');
    is(status_of(raw("${head}Content-Length: 5\r\n\r\n0\r\n\r\nGET /backpack HTTP/1.1\r\nHost: x\r\n\r\n")), 400,
        'with a length too: refused, so that nothing hides behind it');
    is(status_of(raw("POST /signin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd")), 400,
        'two lengths');
    alive('after odd lengths');
};

subtest 'a body that ends too early' => sub {
    my $head = "POST /displayer/convert/email HTTP/1.1\r\nHost: localhost\r\n$form\r\nContent-Length: 1000\r\n\r\n";
    my $answer = raw($head . 'email=a', cut => 1);
    unlike($answer, qr{^HTTP/1\.1 [25]}, 'is never taken for a whole one');
    alive('after it');
};

subtest 'multipart' => sub {
    my $type = 'Content-Type: multipart/form-data; boundary=B';
    my $part = "--B\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\nnobody\@nowhere.example\r\n";
    my $path = 'POST /displayer/convert/email';
    is(status_of(ask($path, "$part--B--\r\n", $type)), 404, 'is a form');
    is(status_of(ask($path, $part, $type)), 400, 'without its end');
    is(status_of(ask($path, substr($part, 0, 40), $type)), 400, 'cut in a header');
    is(status_of(ask($path, "$part--B--", 'Content-Type: multipart/form-data')), 400, 'without a boundary');
    is(status_of(ask($path, "$part--B--", 'Content-Type: multipart/form-data; boundary=' . 'B' x 100)), 400, 'with a long one');
    is(status_of(ask($path, ($part x 300) . '--B--', $type)), 413, 'with too many parts');
    my $file = "--B\r\nContent-Disposition: form-data; name=\"email\"; filename=\"x\"\r\n\r\nx\r\n--B--";
    is(status_of(ask($path, $file, $type)), 415, 'with a file where none is taken');
    alive('after bad forms');
};

subtest 'headers' => sub {
    is(status_of(ask('GET /help', undef, 'X-Long: ' . 'a' x 9000)), 431, "one over nginx's limit");
    is(status_of(ask('GET /help', undef, map { "X-$_: " . 'a' x 3500 } 1 .. 6)), 431, 'all together over ours');
    is(status_of(ask('GET /help?' . 'a' x 9000)), 414, 'a long address');
    is(status_of(ask('GET /help', undef, 'Cookie: ' . join('; ', map { "c$_=1" } 1 .. 200))), 200, 'many cookies');
    is(status_of(ask('GET /help', undef, "Cookie: obi_" . $stack->port . "_session=" . 'A' x 43)), 200,
        'a session that is none');
    is(status_of(ask('GET /help', undef, "Accept-Language: " . ',;=q' x 200)), 200, 'languages that are none');
    is(status_of(ask('GET /help?a=%FF')), 400, 'a query that is no UTF-8');
    is(status_of(ask('GET /help?' . join('&', ('a=1') x 100))), 413, 'too many arguments');
    is(status_of(ask('GET /signin/%00')), 400, 'a NUL in the path');
    is(status_of(ask('GET /collections/%FF')), 404, 'a path that is no UTF-8');
    alive('after odd headers');
};

subtest 'paths lead where nginx and the worker agree' => sub {
    for my $path ('/displayer/../backpack', '/share/..%2f..%2fbackpack', '//backpack', '/backpack/', '/%62ackpack',
        '/healthz/../settings', '/images/badge/../../settings', '/BACKPACK', '/backpack%20', '/backpack%3Fa', '/backpack;a') {
        my $status = status_of(ask("GET $path"));
        like($status, qr/^(?:400|404)$/, "$path: $status");
    }
    is(status_of(ask('GET http://localhost/help')), 200, 'an absolute address of ours');
};

subtest 'nothing of a request gets into a header' => sub {
    for my $path ('/signin/x%0d%0aSet-Cookie:%20a=b', '/help?x=%0d%0aSet-Cookie:%20a=b', '/%0d%0aSet-Cookie:%20a=b',
        '/share/badge/%0d%0aLocation:%20x') {
        my ($head) = ask("GET $path") =~ /^(.*?)\r\n\r\n/s;
        unlike($head, qr/^(?:Set-Cookie: a=b|Location: x)/m, $path);
    }
    my $answer = ask('GET /backpack', undef, 'Host: evil.example', 'X-Forwarded-Host: evil.example');
    unlike($answer, qr/evil\.example/, 'nor its Host');
};

subtest 'links are made from the configured address' => sub {
    my $agent = $stack->browser;
    $agent->get('/signin');
    my ($cookie) = $agent->agent->cookie_jar->as_string =~ /(obi_\d+_visitor=[\w-]+)/;
    my $body = '_csrf=' . $agent->csrf . '&email=host' . $$ . '%40example.org';
    my $answer = raw("POST /signin HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\n"
        . "X-Forwarded-Proto: https\r\nConnection: close\r\nCookie: $cookie\r\n$form\r\nContent-Length: "
        . length($body) . "\r\n\r\n$body");
    like(status_of($answer), qr/^(?:200|303)$/, 'the form is taken');
    unlike($answer, qr/evil/, 'the answer names no other host');
    my $mail = $stack->mail_for("host$$\@example.org") // '';
    unlike($mail, qr/evil/, 'whatever the headers say');
    like($mail, qr{\Q@{[$stack->base]}\E/signin/}, 'the mail names ours');
};

subtest 'forms of others are refused' => sub {
    my $learner = $stack->browser;
    $learner->sign_in("csrf$$\@example.org");
    my $before = () = $learner->get('/collections')->decoded_content =~ m{/collections/\d+}g;
    my $token = $learner->csrf;
    my %fields = (name => 'Forged');
    my $try = sub {
        my ($name, $fields, @headers) = @_;
        my $reply = $learner->post('/collections', $fields, @headers);
        is($reply->code, 403, $name);
        like($reply->decoded_content, qr/go back, load it again/, 'and the page says what to do');
    };
    $try->('without a token', { %fields });
    $try->('with an empty one', { %fields, _csrf => '' });
    $try->('with another', { %fields, _csrf => 'A' x 43 });
    my $other = $stack->browser;
    $other->sign_in("csrf2-$$\@example.org");
    $other->get('/collections');
    $try->("with somebody else's", { %fields, _csrf => $other->csrf });
    my $nobody = $stack->browser;
    $nobody->get('/signin');
    $try->("with a visitor's", { %fields, _csrf => $nobody->csrf });
    $try->('from another site', { %fields, _csrf => $token }, 'Sec-Fetch-Site' => 'cross-site');
    $try->('from a neighbour', { %fields, _csrf => $token }, 'Sec-Fetch-Site' => 'same-site');
    my $reply = $learner->request(HTTP::Request->new(POST => '/collections', [ 'Content-Type' => 'text/plain' ],
        "_csrf=$token&name=Forged"));
    is($reply->code, 415, 'as text, which a page may send anywhere');
    $reply = $learner->get("/collections?_csrf=$token&name=Forged");
    is($reply->code, 200, 'a link writes nothing');
    my $after = () = $learner->get('/collections')->decoded_content =~ m{/collections/\d+}g;
    is($after, $before, 'and nothing was written');
    is($learner->post('/collections', { %fields, _csrf => $token })->code, 303, 'its own is taken');
    is($learner->post('/signout', {})->code, 403, 'nobody is signed out from elsewhere');
};

subtest 'cookies that others set' => sub {
    my $name = 'obi_' . $stack->port . '_session';
    my $learner = $stack->browser;
    $learner->sign_in("toss$$\@example.org");
    my ($token) = $learner->agent->cookie_jar->as_string =~ /\Q$name\E=([\w-]{43})/;
    ok(defined $token, 'there is a session');
    is(status_of(ask('GET /backpack', undef, "Cookie: $name=$token")), 200, 'it is one');
    is(status_of(ask('GET /backpack', undef, "Cookie: $name=$token; $name=" . 'A' x 43)), 303, 'beside another it is none');
    is(status_of(ask('GET /backpack', undef, "Cookie: $name=" . 'A' x 43 . "; $name=$token")), 303, 'in either order');
    is(status_of(ask('GET /backpack', undef, "Cookie: $name=\"$token\"")), 303, 'nor in quotes');
    is(status_of(ask('GET /backpack', undef, "Cookie: $name=$token; obi_" . $stack->port . "_at=0-1-99999999999")), 200,
        'a position that never comes does not hold the page');
    is(status_of(ask('GET /backpack', undef, "Cookie: $name=$token; obi_" . $stack->port . "_at=' OR 1")), 200,
        'nor one that is none');
    my $flash = ask('GET /backpack', undef, "Cookie: $name=$token; obi_" . $stack->port . "_flash=<b>Hacked");
    unlike($flash, qr/Hacked/, 'a sentence of others is not shown');
};

subtest 'a session lasts from its last use on, and so does its cookie' => sub {
    my $learner = $stack->browser;
    $learner->sign_in("renew$$\@example.org");
    ok(!defined $learner->get('/backpack')->header('Set-Cookie'), 'used at once it is as it was');
    $stack->clock(2 * 3600);
    my $reply = $learner->get('/backpack');
    like($reply->header('Set-Cookie') // '', qr/_session=[\w-]{43}; Max-Age=[1-9]\d+;/, 'two hours later it is renewed');
    ok(!defined $learner->get('/backpack')->header('Set-Cookie'), 'once');
    $stack->clock(0);
};

subtest 'public documents are the same for all' => sub {
    my $answer = ask('GET /displayer/1/groups.json?callback=<script>');
    unlike($answer, qr/<script>/, 'a callback that is none is not echoed');
    for my $path ('/displayer/1/groups.json', '/share/badge/none', '/share/collection/none', '/images/badge/none.png') {
        my $reply = $visitor->get($path, Cookie => 'obi_' . $stack->port . '_session=' . 'A' x 43);
        ok(!defined $reply->header('Set-Cookie'), "$path sets no cookie");
        like($reply->header('X-Content-Type-Options') // '', qr/nosniff/, 'and is what it says');
    }
};

subtest 'failures are pages for people and JSON for programs' => sub {
    my $page = $visitor->get('/nothing', Accept => 'text/html,application/xhtml+xml,*/*;q=0.8');
    is($page->code, 404, 'a missing page');
    is($page->content_type, 'text/html', 'is a page');
    my $json = $visitor->get('/nothing', Accept => 'application/json');
    is($json->content_type, 'application/json', 'or JSON');
    is(eval { decode_json($json->content)->{reason} }, 'NOT_FOUND', 'with a reason');
    is($visitor->get('/backpack', Accept => 'application/json')->code, 401, 'who is not signed in is told');
    is($visitor->get('/backpack')->header('Location'), '/signin', 'or led to where one signs in');
};

done_testing;
