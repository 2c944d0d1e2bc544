package io.headwater.broker.observe;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufOutputStream;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/** One admin connection: three pages, GET and HEAD only. */
final class AdminHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final String TEXT = "text/plain; charset=utf-8";
    private static final ExpositionFormats FORMATS = ExpositionFormats.init();

    private final Metrics metrics;
    private final Supplier<Health> health;

    AdminHandler(Metrics metrics, Supplier<Health> health) {
        this.metrics = metrics;
        this.health = health;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
        FullHttpResponse response = answer(request);
        HttpUtil.setContentLength(response, response.content().readableBytes());
        if (request.method().equals(HttpMethod.HEAD)) {
            response.content().clear();
        }
        boolean keepAlive =
                HttpUtil.isKeepAlive(request) && request.decoderResult().isSuccess();
        HttpUtil.setKeepAlive(response, keepAlive);
        var written = context.writeAndFlush(response);
        if (!keepAlive) {
            written.addListener(ChannelFutureListener.CLOSE);
        }
    }

    private FullHttpResponse answer(FullHttpRequest request) {
        if (!request.decoderResult().isSuccess()) {
            return text(HttpResponseStatus.BAD_REQUEST, "not an HTTP request\n");
        }
        if (!request.method().equals(HttpMethod.GET) && !request.method().equals(HttpMethod.HEAD)) {
            return text(HttpResponseStatus.METHOD_NOT_ALLOWED, "only GET and HEAD\n");
        }
        return switch (new QueryStringDecoder(request.uri()).path()) {
            case "/metrics" -> metrics(request.headers().get(HttpHeaderNames.ACCEPT));
            case "/healthz" -> healthz(health.get());
            case "/readyz" -> readyz(health.get());
            case "/" -> text(HttpResponseStatus.OK, "headwater admin: /metrics /healthz /readyz\n");
            default -> text(HttpResponseStatus.NOT_FOUND, "no such page; there are /metrics /healthz /readyz\n");
        };
    }

    /** Whether restarting would help: only a broker whose own threads have stopped says no. What is wrong is listed. */
    private static FullHttpResponse healthz(Health health) {
        HttpResponseStatus status = health.alive() ? HttpResponseStatus.OK : HttpResponseStatus.SERVICE_UNAVAILABLE;
        return text(status, page(health.problems().isEmpty() ? "ok" : "degraded", health));
    }

    private static FullHttpResponse readyz(Health health) {
        HttpResponseStatus status = health.ready() ? HttpResponseStatus.OK : HttpResponseStatus.SERVICE_UNAVAILABLE;
        return text(status, page(health.ready() ? "ready" : "not ready", health));
    }

    private static String page(String headline, Health health) {
        StringBuilder page = new StringBuilder(headline).append('\n');
        health.problems().forEach(problem -> page.append(problem).append('\n'));
        return page.toString();
    }

    private FullHttpResponse metrics(String accept) {
        ExpositionFormatWriter writer = FORMATS.findWriter(accept);
        ByteBuf body = Unpooled.buffer(16 * 1024);
        try (OutputStream out = new ByteBufOutputStream(body)) {
            writer.write(out, metrics.scrape());
        } catch (IOException e) {
            throw new IllegalStateException("writing to memory failed", e);
        }
        return response(HttpResponseStatus.OK, writer.getContentType(), body);
    }

    private static FullHttpResponse text(HttpResponseStatus status, String body) {
        return response(status, TEXT, Unpooled.copiedBuffer(body, StandardCharsets.UTF_8));
    }

    private static FullHttpResponse response(HttpResponseStatus status, String type, ByteBuf body) {
        FullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, body);
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, type);
        response.headers().set(HttpHeaderNames.CACHE_CONTROL, "no-store");
        return response;
    }

    /** A peer that vanished, idled or sent nonsense: its connection ends, and that is all. */
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        var unused = context.close();
    }
}
