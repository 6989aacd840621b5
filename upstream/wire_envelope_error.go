package upstream

import (
	"slices"
	"strings"
)

// An answer may say success and carry an error instead of an order: a wrapper passes on what the
// platform's gateway answered, or reports a failure of its own under the code of success.

// errorNames are the members that hold an error, by their canonical names.
var errorNames = map[string]bool{
	"error": true, "errors": true, "errorcode": true, "errormessage": true, "errormsg": true, "errorinfo": true, "errorresponse": true,
	"errcode": true, "errmessage": true, "errmsg": true, "errno": true, "exception": true,
}

// failureTexts are the documented texts of failures (响应代码) with their codes. They are compared by letters
// and digits alone: wrappers change the punctuation, and add to the texts.
var failureTexts = []struct {
	text string
	code int
}{
	{"请求参数错误", 100},
	{"请求超时", 101},
	{"旺旺账号不存在", 103},
	{"系统错误", 200},
	{"暂不支持当前接口", 203},
	{"无该接口权限", 204},
	{"调用次数不足", 204},
	{"未授权店铺", 302},
}

// harmlessTexts are what members that hold an error say where there is none, and what the member
// success says then, in their canonical form.
var harmlessTexts = []string{
	"", "0", "false", "no", "n", "null", "none", "nil", "无", "ok", "success", "succeed", "successful",
	"成功", "操作成功", "请求成功", "查询成功", "调用成功", "获取成功",
}

// embeddedError returns the error that a success without an order carries, or nil: the documented one
// whose text or code it has, else one that says no more than that there is one.
func (e *envelope) embeddedError() *Error {
	found := false
	for _, level := range e.levels() {
		failed, texts := e.errorAt(level)
		for _, text := range texts {
			if code := codeOfText(text); code != 0 {
				failure := e.refusal(code, text)
				failure.Status = 0 // none was sent
				return failure
			}
		}
		for _, name := range []string{"status", "code"} {
			if code, ok := e.whole(level, name); ok && code != 0 && level != e.root {
				return e.refusal(code, strings.Join(texts, " "))
			}
		}
		found = found || failed
	}
	if !found {
		return nil
	}
	return &Error{Kind: KindBadResponse, Cause: errEmbedded}
}

// levels returns the places around an order, outermost first, and the one where it would be.
func (e *envelope) levels() []int {
	var levels []int
	for _, object := range e.objects() {
		levels = append(levels, e.document.list(object)...)
		if result, found := e.document.member(object, "result"); found {
			levels = append(levels, e.document.list(result)...)
		}
	}
	return levels
}

// errorAt reports whether a level has a member that says there is an error, and returns the texts that may
// say which.
func (e *envelope) errorAt(level int) (failed bool, texts []string) {
	texts = []string{e.document.string(level)}
	for name, value := range e.document.members(level) {
		switch name := canonical(string(name)); {
		case name == "success":
			failed = failed || e.deniesSuccess(value)
		case errorNames[name]:
			failed = failed || e.isError(value)
		case name != "msg" && name != "message":
			continue
		}
		texts = append(texts, e.document.string(value))
	}
	return failed, texts
}

// deniesSuccess reports whether a member success says anything but that.
func (e *envelope) deniesSuccess(at int) bool {
	var success Bool
	if err := success.decode(e.document.value(at)); err == nil {
		return success == BoolFalse
	}
	return e.isError(at)
}

// isError reports whether a member that holds errors has one.
func (e *envelope) isError(at int) bool {
	if e.document.empty(at) {
		return false
	}
	text, err := scalarText(e.document.value(at))
	return err != nil || !slices.Contains(harmlessTexts, canonical(text))
}

// codeOfText returns the code of the documented failure that a text is about, 0 if it is none of them.
func codeOfText(text string) int {
	text = canonical(text)
	for _, failure := range failureTexts {
		if strings.Contains(text, failure.text) {
			return failure.code
		}
	}
	return 0
}
