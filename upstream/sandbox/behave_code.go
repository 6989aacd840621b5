package sandbox

import "net/http"

// texts are the descriptions of the document's response codes (响应代码).
var texts = map[int64]string{
	0:   "成功",
	100: "请求参数错误",
	101: "请求超时,请重试",
	103: "旺旺账号不存在",
	200: "系统错误,请联系客服",
	203: "暂不支持当前接口",
	302: "未授权店铺",
}

// authorizationLink is where the shop's owner would grant access (根据返回链接进行扫码授权).
const authorizationLink = "http://www.damaijia168.com/vv/tb_auth_link4?id=ZG1qLTEtMg=="

// responseCode answers with a response code and the document's text.
func responseCode(code int64) behavior {
	return func(e *exchange) { e.envelope(code, texts[code], list{}) }
}

func codeAsText(e *exchange) {
	e.sendDocument(object{{"code", "103"}, {"msg", texts[103]}, {"data", nil}})
}

func notAuthorized(data any, text string) behavior {
	return func(e *exchange) { e.envelope(302, text, data) }
}

// success answers with the code of success and data that hold no order.
func success(data any) behavior {
	return func(e *exchange) {
		if o, charged := data.(object); charged && o.get("deduct_money") != nil {
			e.sandbox.log.charge(points)
		}
		e.envelope(0, texts[0], data)
	}
}

// successWithError answers with the code of success around an error.
func successWithError(members ...member) behavior {
	return success(append(object{{"deduct_money", integer(points)}}, members...))
}

// successWithText answers with the code of success, the text of a failure and no data.
func successWithText(text string) behavior {
	return func(e *exchange) { e.envelope(0, text, nil) }
}

// underHTTP500 behaves as another behaviour does, but with HTTP status 500.
func underHTTP500(behave behavior) behavior {
	return func(e *exchange) {
		failing := *e
		failing.w = statusWriter{e.w, http.StatusInternalServerError}
		behave(&failing)
	}
}

// statusWriter replaces the HTTP status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w statusWriter) WriteHeader(int) { w.ResponseWriter.WriteHeader(w.status) }
